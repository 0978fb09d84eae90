import type { Clock } from "../../clock.ts";
import type { Connection, Dialer, Listener, SocketAddress } from "../../net/connection.ts";
import { ipVersion } from "../../net/cidr.ts";
import type { Libc } from "../../net/libc.ts";
import type { Outcome } from "../check.ts";
import { failedConnection } from "../connect_outcome.ts";
import { learnOnce } from "../learn_once.ts";
import { type Failure, Reach } from "../reach.ts";
import type { PortRange } from "../steps.ts";
import { FtpClient, FtpError, type FtpReply } from "./ftp_client.ts";

/** How long a server gets to accept a connection: three attempts of TCP. Milliseconds. */
export const CONNECT_TIMEOUT = 5_000;

/** The server to be looked at, and how. */
export interface Target {
  /** `ftp://user@host:2121` without a password. */
  readonly name: string;
  readonly hostname: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** Whether TLS must be used, may be used, or begins at once (`ftps://`). */
  readonly tls: "wanted" | "never" | "implicit";
  /** Certificates to trust besides the machine's, PEM. */
  readonly trusted: readonly string[];
  /** The server's passive range, where it is known. */
  readonly passivePorts: PortRange | undefined;
}

/** What the survey works with. */
export interface SurveyTools {
  readonly dialer: Dialer;
  /** The addresses of a name. @throws Error when there are none. */
  readonly resolve: (name: string) => Promise<readonly string[]>;
  readonly listen: (address: SocketAddress) => Listener;
  readonly clock: Clock;
  /** libc, or why there is none. */
  readonly libc: Libc | Error;
}

/** The range of a cosftp that was not told otherwise. */
const COSFTP_RANGE = { first: 60_000, last: 65_535 };

/** The control port, as far as it can be reached. */
export interface ControlPort {
  /** The first that accepts connections. */
  readonly address: SocketAddress | undefined;
  /** Of the addresses before it, or of all of them. */
  readonly failures: readonly Failure[];
}

/** What the server tells everybody. */
export interface Greeting {
  readonly reply: FtpReply;
  /** From connecting to the end of the reply. Milliseconds. */
  readonly elapsed: number;
  /** What FEAT lists, in capitals; undefined when the server does not tell before the login. */
  readonly features: readonly string[] | undefined;
}

/** How control connections are protected, or why they are not. */
export type Protection = "tls" | "implicit" | "not wanted" | "not offered";

/** The server that the checks look at, and the control connection that they share, one after the other. */
export class TargetSurvey implements Disposable {
  readonly target: Target;
  readonly tools: SurveyTools;
  /** The server's addresses, numeric. @throws Error when its name has none. */
  readonly addresses = learnOnce(async (): Promise<readonly string[]> => {
    const { hostname } = this.target;
    return ipVersion(hostname) === undefined ? await this.tools.resolve(hostname) : [hostname];
  });
  /** Where control connections are accepted. @throws as `addresses` does. */
  readonly control = learnOnce((signal) => this.#tryControl(signal));
  /** @throws {SessionLost} when there is no connection, or another greeting; {FtpError} when none comes; what TLS says. */
  readonly greeting = learnOnce((signal) => this.#greet(signal));
  /** @throws {FtpError} when AUTH TLS is offered and refused; what TLS says; as `greeting` does. */
  readonly protection = learnOnce((signal) => this.#tryTls(signal));
  readonly #reach: Reach;
  #session: FtpClient | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(target: Target, tools: SurveyTools) {
    this.target = target;
    this.tools = tools;
    this.#reach = new Reach(tools.dialer, tools.libc instanceof Error ? undefined : tools.libc);
  }

  /** The address that ICMP is asked of: that of the control connection, or where there is none the first. */
  async pingedAddress(signal: AbortSignal): Promise<string> {
    const { address } = await this.control(signal);
    return address?.hostname ?? (await this.addresses(signal))[0]!;
  }

  /** The passive range, as far as it is known: told, cosftp's own, or what `client` has seen of it. */
  async passiveRange(client: FtpClient, signal: AbortSignal): Promise<PortRange> {
    if (this.target.passivePorts) return this.target.passivePorts;
    const seen = client.portsNamed;
    const { reply } = await this.greeting(signal);
    const isOurs = reply.text.includes("cosftp") &&
      seen.every((port) => port >= COSFTP_RANGE.first);
    if (isOurs || seen.length === 0) return COSFTP_RANGE;
    return { first: Math.min(...seen), last: Math.max(...seen) };
  }

  connect(
    address: SocketAddress,
    signal: AbortSignal,
    timeout = CONNECT_TIMEOUT,
  ): Promise<Connection | Failure> {
    return this.#reach.connect(address, { timeout, signal });
  }

  /** Speaks TLS on a data connection. */
  protectData(connection: Connection, signal: AbortSignal): Promise<Connection> {
    const { hostname, trusted } = this.target;
    return this.tools.dialer.startTls(connection, { hostname, trusted, signal });
  }

  /**
   * Does `work` on the logged-in control connection, alone. After a failure the next one begins with a new login.
   *
   * @returns what `work` does, or what is wrong with the control connection.
   */
  async withSession(
    signal: AbortSignal,
    work: (client: FtpClient) => Promise<readonly Outcome[]> | readonly Outcome[],
  ): Promise<readonly Outcome[]> {
    const turn = this.#turn.then(async () => {
      try {
        this.#session ??= await this.logIn(signal);
        return await work(this.#session);
      } catch (error) {
        this.#session?.[Symbol.dispose]();
        this.#session = undefined;
        if (error instanceof SessionLost) return error.outcomes;
        signal.throwIfAborted();
        if (error instanceof FtpError) {
          return [{ status: "fail" as const, summary: error.message, remedy: SEE_LOG }];
        }
        throw error;
      }
    });
    this.#turn = turn.catch(() => {});
    return await turn;
  }

  [Symbol.dispose](): void {
    this.#session?.[Symbol.dispose]();
  }

  async #tryControl(signal: AbortSignal): Promise<ControlPort> {
    const { port } = this.target;
    const failures: Failure[] = [];
    for (const hostname of await this.addresses(signal)) {
      const address = { hostname, port };
      const connection = await this.connect(address, signal);
      if ("cause" in connection) {
        failures.push(connection);
        continue;
      }
      connection.close();
      return { address, failures };
    }
    return { address: undefined, failures };
  }

  async #greet(signal: AbortSignal): Promise<Greeting> {
    const start = performance.now();
    const { client, reply } = await this.#open(signal);
    using _client = client;
    const elapsed = performance.now() - start;
    const features = await client.ask("FEAT", signal);
    return {
      reply,
      elapsed,
      features: features.code === 211
        ? features.lines.slice(1, -1).map((line) => line.trim().toUpperCase())
        : undefined,
    };
  }

  async #tryTls(signal: AbortSignal): Promise<Protection> {
    const { tls } = this.target;
    if (tls === "implicit") return "implicit";
    if (tls === "never") return "not wanted";
    const { features } = await this.greeting(signal);
    // A server that tells its features only after the login may speak TLS all the same.
    const isListed = features?.some((feature) => feature.startsWith("AUTH"));
    if (isListed === false) return "not offered";
    const { client } = await this.#open(signal);
    using _client = client;
    try {
      await this.#protect(client, signal);
      await client.ask("NOOP", signal);
      return "tls";
    } catch (error) {
      if (error instanceof FtpError && !isListed) return "not offered";
      throw error;
    }
  }

  /** Opens a control connection, not logged in, and reads its greeting. @throws as `greeting` does. */
  async #open(signal: AbortSignal): Promise<{ client: FtpClient; reply: FtpReply }> {
    const { dialer, clock } = this.tools;
    const { address, failures } = await this.control(signal);
    const connection = address ? await this.connect(address, signal) : failures[0]!;
    if ("cause" in connection) {
      const { port } = this.target;
      const ports = { first: port, last: port };
      const what = address ? "Another control connection" : "The control connection";
      throw new SessionLost(failedConnection(connection, { what, ports }));
    }
    const client = new FtpClient(connection, { address: address!, dialer, clock });
    try {
      if (this.target.tls === "implicit") await this.#startTls(client, signal);
      const reply = await client.reply(signal);
      if (reply.code !== 220) throw new SessionLost(refusedConnection(reply));
      return { client, reply };
    } catch (error) {
      client[Symbol.dispose]();
      throw error;
    }
  }

  /** AUTH TLS. @throws {FtpError} when the server refuses; what TLS says. */
  async #protect(client: FtpClient, signal: AbortSignal): Promise<void> {
    const answer = await client.ask("AUTH TLS", signal);
    if (answer.code !== 234) throw new FtpError(`AUTH TLS was refused: ${answer.lines.at(-1)}`);
    await this.#startTls(client, signal);
  }

  /** A session of its own, for when the other is lost; it is to be disposed of. @throws as what it says to the server does. */
  async logIn(signal: AbortSignal): Promise<FtpClient> {
    const { user, password } = this.target;
    const protection = await this.protection(signal);
    const { client } = await this.#open(signal);
    try {
      if (protection === "tls") await this.#protect(client, signal);
      let answer = await client.ask(`USER ${user}`, signal);
      if (answer.code === 331) answer = await client.ask(`PASS ${password}`, signal);
      if (answer.code !== 230 && answer.code !== 202) throw new SessionLost(refusedLogin(answer));
      if (client.isProtected) {
        await client.ask("PBSZ 0", signal);
        await client.ask("PROT P", signal);
      }
      await client.ask("TYPE I", signal);
      return client;
    } catch (error) {
      client[Symbol.dispose]();
      throw error;
    }
  }

  #startTls(client: FtpClient, signal: AbortSignal): Promise<void> {
    const { hostname, trusted } = this.target;
    return client.startTls({ hostname, trusted, signal });
  }
}

/** The control connection is of no more use; the checks tell the outcomes as they are. */
export class SessionLost extends Error {
  override readonly name = "SessionLost";
  readonly outcomes: readonly Outcome[];

  constructor(...outcomes: readonly [Outcome, ...Outcome[]]) {
    super(outcomes[0].summary);
    this.outcomes = outcomes;
  }
}

const SEE_LOG = { text: "The server's log says why" };

/** A greeting that is none. */
function refusedConnection({ code, lines }: FtpReply): Outcome {
  return {
    status: "fail",
    summary: `The server greets with ${lines.at(-1)}`,
    remedy: code === 421
      ? {
        text:
          "It takes no more connections now: raise its limit (cosftp: max_connection_num) or wait",
      }
      : SEE_LOG,
  };
}

function refusedLogin({ code, lines }: FtpReply): Outcome {
  const summary = `The login was refused: ${lines.at(-1)}`;
  const text = code === 421
    ? "The server takes no more sessions now: raise its limit (cosftp: max_connection_num, max_login_num) or wait"
    : code === 530
    ? "Look at the user name and the password; the server's log has the reason"
    : code === 332
    ? "The server asks for an account (ACCT), which hardly any client knows: turn that off"
    : "The server's log has the reason; some servers refuse logins without TLS";
  return { status: "fail", summary, remedy: { text }, data: { code } };
}
