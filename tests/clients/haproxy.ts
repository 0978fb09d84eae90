import type { Gateway } from "./gateway.ts";

/** The address on which HAProxy is reached; loopback has many. */
export const SERVICE = "127.0.0.2";

/** HAProxy's own address, from which it connects to the gateway. */
export const PROXY = "127.0.0.1";

/** HAProxy in front of a gateway, by conf/haproxy.cfg.example. Disposing of it stops it. */
export class Haproxy implements AsyncDisposable {
  readonly port: number;
  readonly #child: Deno.ChildProcess;

  private constructor(options: { port: number; child: Deno.ChildProcess }) {
    this.port = options.port;
    this.#child = options.child;
  }

  /** @param folder where its configuration is written. */
  static async start(gateway: Gateway, folder: string): Promise<Haproxy> {
    const port = freePort();
    const file = `${folder}/haproxy.cfg`;
    await Deno.writeTextFile(file, await configuration(gateway, port));
    const child = new Deno.Command("haproxy", {
      args: ["-db", "-f", file],
      stdin: "null",
      stdout: "null",
      stderr: "inherit",
    }).spawn();
    const haproxy = new Haproxy({ port, child });
    for (let tries = 0;; tries++) {
      try {
        (await Deno.connect({ hostname: SERVICE, port })).close();
        return haproxy;
      } catch (error) {
        if (tries === 200) {
          await haproxy[Symbol.asyncDispose]();
          throw error;
        }
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#child.status;
  }
}

/** The example with the addresses and ports of this test, and one gateway. */
async function configuration(gateway: Gateway, port: number): Promise<string> {
  const example = await Deno.readTextFile(
    new URL("../../conf/haproxy.cfg.example", import.meta.url),
  );
  const { first, last } = gateway.passivePorts;
  return example
    .replace("bind :21\n", `bind ${SERVICE}:${port}\n`)
    .replace("bind :60000-60199\n", `bind ${SERVICE}:${first}-${last}\n`)
    .replace("10.0.0.11:2121", `${gateway.host}:${gateway.port}`)
    .replace("10.0.0.11 ", `${gateway.host} `)
    .replace(/^ *server gateway2 .*\n/gm, "");
}

function freePort(): number {
  using listener = Deno.listen({ hostname: SERVICE, port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}
