import assert from "node:assert/strict";
import { FtpPeer } from "../ftp/ftp_peer.ts";
import { proxyHeader } from "../net/proxy_headers.ts";
import type { Addresses, AttackedOptions, Order, Report } from "./gateway_process.ts";

const HOST = "127.0.0.1";

/** How long a gateway may take to let go of what an attack has left. Milliseconds; only a failure waits for it. */
const PATIENCE = 20_000;

/** File descriptors that are no client's: the connections to COS, both ends of which are the process's. */
const OTHER_FILES = 40;

/** A gateway in a process of its own, for a test to attack. Disposing of it fails when anything is left. */
export class Target implements AsyncDisposable {
  readonly port: number;
  /** Where clients begin with TLS. */
  readonly implicitPort: number;
  readonly behindProxy: boolean;
  readonly #child: Deno.ChildProcess;
  readonly #orders: WritableStreamDefaultWriter<Uint8Array>;
  readonly #answers: Answers;

  private constructor(
    child: Deno.ChildProcess,
    { answers, addresses, behindProxy }: {
      answers: Answers;
      addresses: Addresses;
      behindProxy: boolean;
    },
  ) {
    this.#child = child;
    this.#orders = child.stdin.getWriter();
    this.#answers = answers;
    this.port = addresses.port;
    this.implicitPort = addresses.implicitPort;
    this.behindProxy = behindProxy;
  }

  static async start(options: AttackedOptions = {}): Promise<Target> {
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--quiet",
        "--no-prompt",
        "--no-check",
        "--allow-all",
        "--lock=tests/deno.lock",
        "--v8-flags=--expose-gc",
        new URL("gateway_process.ts", import.meta.url).pathname,
        JSON.stringify({ hostname: hasIpv6() ? "::" : HOST, ...options }),
      ],
      cwd: new URL("../../", import.meta.url).pathname,
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const answers = new Answers(child.stdout);
    const addresses = await answers.next<Addresses>();
    const { behindProxy = false } = options;
    return new Target(child, { answers, addresses, behindProxy });
  }

  /** A connection of an attacker. Whether it stays open is another question. */
  connect(port = this.port): Promise<Deno.TcpConn> {
    return Deno.connect({ hostname: HOST, port });
  }

  /** A control connection whose 220 has been read. */
  async peer(hostname = HOST): Promise<FtpPeer> {
    const peer = await FtpPeer.connect({ hostname, port: this.port });
    if (this.behindProxy) await peer.send(CLIENT_HEADER);
    await peer.expect(220);
    return peer;
  }

  async logIn(hostname = HOST): Promise<FtpPeer> {
    const peer = await this.peer(hostname);
    await peer.logIn();
    return peer;
  }

  /** A session of somebody at another address than the attackers; undefined where there is none to come from. */
  async newcomer(): Promise<FtpPeer | undefined> {
    if (this.behindProxy) return await this.logIn();
    return hasIpv6() ? await this.logIn("::1") : undefined;
  }

  report(): Promise<Report> {
    return this.#order({ what: "report" });
  }

  /** Turns the gateway's clock. */
  turn(milliseconds: number): Promise<Report> {
    return this.#order({ what: "turn", milliseconds });
  }

  /** Waits until the gateway holds no more than it did in `before`. @throws when it does not let go. */
  async settled(before: Report): Promise<Report> {
    const end = performance.now() + PATIENCE;
    for (;;) {
      const now = await this.report();
      const isLate = performance.now() > end;
      if (isLate) assert.deepEqual(now.held, before.held, "clients' things are left");
      if (isLate) assert.ok(now.files < before.files + OTHER_FILES, `${now.files} files are left`);
      const isSame = JSON.stringify(now.held) === JSON.stringify(before.held);
      if (isSame && now.files < before.files + OTHER_FILES) return now;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#orders.close();
    await this.#answers.end();
    const { code } = await this.#child.status;
    assert.equal(code, 0, "the gateway did not end well");
  }

  async #order(order: Order): Promise<Report> {
    await this.#orders.write(new TextEncoder().encode(`${JSON.stringify(order)}\n`));
    return await this.#answers.next<Report>();
  }
}

const CLIENT_HEADER = proxyHeader({
  version: 2,
  ends: {
    source: { hostname: "192.0.2.7", port: 40_000 },
    destination: { hostname: "203.0.113.10", port: 21 },
  },
});

/** The lines of a process, each JSON. */
class Answers {
  readonly #reader: ReadableStreamDefaultReader<string>;
  #text = "";

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  }

  async next<T>(): Promise<T> {
    for (;;) {
      const end = this.#text.indexOf("\n");
      if (end !== -1) {
        const line = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 1);
        return JSON.parse(line);
      }
      const { value, done } = await this.#reader.read();
      if (done) throw new Error("The gateway has ended");
      this.#text += value;
    }
  }

  /** Waits until the process says no more. */
  async end(): Promise<void> {
    while (!(await this.#reader.read()).done);
  }
}

function hasIpv6(): boolean {
  try {
    Deno.listen({ hostname: "::1", port: 0 }).close();
    return true;
  } catch {
    return false;
  }
}
