import type { Clock } from "../../clock.ts";
import type { Connection, Dialer, Listener, SocketAddress } from "../../net/connection.ts";
import type { Libc } from "../../net/libc.ts";
import type { Outcome } from "../check.ts";
import { failedConnection } from "../connect_outcome.ts";
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

/** What the checks learn of one server, and the control connection that they share, one after the other. */
export class TargetSurvey implements Disposable {
  readonly target: Target;
  readonly tools: SurveyTools;
  readonly reach: Reach;
  /** Numeric; what the name resolves to, and then the one that answers. */
  addresses: readonly string[] = [];
  /** What the server says when a connection is opened. */
  greeting: FtpReply | undefined;
  /** What FEAT lists, in capitals; undefined when the server does not tell before the login. */
  features: readonly string[] | undefined;
  /** Whether control connections are to be protected; why that failed, if it did. */
  protection: "none" | "tls" | "failed" = "none";
  /** Ports that the server named so far. */
  readonly portsSeen = new Set<number>();
  #session: FtpClient | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(target: Target, tools: SurveyTools) {
    this.target = target;
    this.tools = tools;
    this.reach = new Reach(tools.dialer, tools.libc instanceof Error ? undefined : tools.libc);
  }

  /** The control connection's address. */
  get address(): SocketAddress {
    return { hostname: this.addresses[0] ?? this.target.hostname, port: this.target.port };
  }

  /** The passive range, as far as it is known: told, cosftp's own, or what was seen of it. */
  passiveRange(): PortRange {
    if (this.target.passivePorts) return this.target.passivePorts;
    const seen = [...this.portsSeen];
    const isOurs = this.greeting?.text.includes("cosftp") &&
      seen.every((port) => port >= COSFTP_RANGE.first);
    if (isOurs || seen.length === 0) return COSFTP_RANGE;
    return { first: Math.min(...seen), last: Math.max(...seen) };
  }

  /** Opens a control connection, not logged in, and reads its greeting. @returns why there is none. */
  async open(signal: AbortSignal): Promise<FtpClient | Failure> {
    const { dialer, clock } = this.tools;
    const connection = await this.connect(this.address, signal);
    if ("cause" in connection) return connection;
    const client = new FtpClient(connection, { dialer, clock });
    try {
      if (this.target.tls === "implicit") await this.#startTls(client, signal);
      this.greeting = await client.reply(signal);
      return client;
    } catch (error) {
      client[Symbol.dispose]();
      throw error;
    }
  }

  connect(
    address: SocketAddress,
    signal: AbortSignal,
    timeout = CONNECT_TIMEOUT,
  ): Promise<Connection | Failure> {
    return this.reach.connect(address, { timeout, signal });
  }

  /** AUTH TLS on `client`. @throws {FtpError} when the server refuses; what TLS says. */
  async protect(client: FtpClient, signal: AbortSignal): Promise<void> {
    const answer = await client.ask("AUTH TLS", signal);
    if (answer.code !== 234) throw new FtpError(`AUTH TLS was refused: ${answer.lines.at(-1)}`);
    await this.#startTls(client, signal);
  }

  /** Speaks TLS on a data connection. */
  protectData(connection: Connection, signal: AbortSignal): Promise<Connection> {
    const { hostname, trusted } = this.target;
    return this.tools.dialer.startTls(connection, { hostname, trusted, signal });
  }

  get isProtected(): boolean {
    return this.protection === "tls" || this.target.tls === "implicit";
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
        this.#session ??= await this.#logIn(signal);
        return await work(this.#session);
      } catch (error) {
        this.#session?.[Symbol.dispose]();
        this.#session = undefined;
        signal.throwIfAborted();
        if (error instanceof SessionLost) return [error.outcome];
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

  async #logIn(signal: AbortSignal): Promise<FtpClient> {
    const { user, password, port } = this.target;
    const client = await this.open(signal);
    if ("cause" in client) {
      const ports = { first: port, last: port };
      throw new SessionLost(failedConnection(client, { what: "The control connection", ports }));
    }
    try {
      if (this.protection === "tls" && this.target.tls !== "implicit") {
        await this.protect(client, signal);
      }
      let answer = await client.ask(`USER ${user}`, signal);
      if (answer.code === 331) answer = await client.ask(`PASS ${password}`, signal);
      if (answer.code !== 230 && answer.code !== 202) throw new SessionLost(refusedLogin(answer));
      if (this.isProtected) {
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

/** The control connection is of no more use; the checks tell the outcome as it is. */
export class SessionLost extends Error {
  override readonly name = "SessionLost";
  readonly outcome: Outcome;

  constructor(outcome: Outcome) {
    super(outcome.summary);
    this.outcome = outcome;
  }
}

const SEE_LOG = { text: "The server's log says why" };

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
