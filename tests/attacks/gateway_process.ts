/**
 * A gateway under attack, as a process of its own: what it holds and how much memory it has are its alone. Each line on stdin
 * is an {@linkcode Order}, each line on stdout the answer. When stdin ends, so does the gateway, with 0 if nothing was left.
 */
import { parseCidr } from "../../src/net/cidr.ts";
import { nextTurn } from "../../src/net/connection.ts";
import { uninterrupted } from "../../src/store/object_store.ts";
import { ProxyProtocolListener } from "../../src/net/proxy_protocol.ts";
import { Gateway } from "../ftp/gateway.ts";
import type { GatewayOptions } from "../ftp/gateway_options.ts";

/** What the gateway is told. */
export type Order =
  | { readonly what: "report" }
  /** Turns the engine's clock. */
  | { readonly what: "turn"; readonly milliseconds: number };

/** What of it can be said in JSON; limits are those of the program. */
export interface AttackedOptions
  extends
    Pick<GatewayOptions, "hostname" | "loginGuard" | "maxConnectionsPerAddress" | "passivePorts"> {
  /** Whether loopback is a load balancer that speaks the PROXY protocol. @default false */
  readonly behindProxy?: boolean;
  /** Whether the guard excepts loopback. @default false */
  readonly exceptsLoopback?: boolean;
}

/** What clients have the gateway hold. */
export interface Held {
  readonly sessions: number;
  readonly logins: number;
  readonly ports: number;
  readonly timers: number;
  /** Slices of part memory. */
  readonly slices: number;
  readonly uploads: number;
  readonly records: number;
}

/** How the gateway is. */
export interface Report {
  readonly held: Held;
  /** File descriptors; those to COS come and go. */
  readonly files: number;
  /** After a garbage collection. Bytes. */
  readonly heap: number;
  readonly rss: number;
}

/** Where it listens: its first line. */
export interface Addresses {
  readonly port: number;
  readonly implicitPort: number;
}

const LIMITS = {
  maxConnections: 512,
  maxConnectionsPerAddress: 128,
  maxUnauthenticated: 256,
  maxLogins: 100,
};

async function main(options: AttackedOptions): Promise<void> {
  const loopback = [parseCidr("127.0.0.0/8")];
  const proxies = options.behindProxy ? loopback : undefined;
  await using gateway = await Gateway.start({
    ...LIMITS,
    ftps: {},
    ...options,
    loginGuard: { ...options.loginGuard, except: options.exceptsLoopback ? loopback : [] },
    decorate: proxies &&
      ((listener, services) => new ProxyProtocolListener(listener, { from: proxies, ...services })),
  });
  const slices = gateway.pool.free;
  say({ port: gateway.address.port, implicitPort: gateway.implicitAddress!.port });
  for await (const order of orders()) {
    if (order.what === "turn") await gateway.turn(order.milliseconds);
    say(await report(gateway, slices));
  }
}

async function* orders(): AsyncGenerator<Order> {
  let text = "";
  for await (const piece of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    const lines = (text + piece).split("\n");
    text = lines.pop()!;
    for (const line of lines) yield JSON.parse(line);
  }
}

function say(what: Addresses | Report): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(what)}\n`));
}

async function report(gateway: Gateway, slices: number): Promise<Report> {
  const uploads = await gateway.store.listUploads({ prefix: "", ...uninterrupted() });
  const records = await gateway.keys(gateway.records.prefix);
  // The test's own memory of what was logged is none of the gateway's.
  gateway.log.lines.length = gateway.requests.lines.length = 0;
  await collectGarbage();
  const { heapUsed, external, rss } = Deno.memoryUsage();
  return {
    held: {
      sessions: gateway.server.sessions,
      logins: gateway.logins.taken,
      ports: gateway.ports.taken,
      timers: gateway.clock.pending,
      slices: slices - gateway.pool.free,
      uploads: uploads.length,
      records: records.length,
    },
    files: [...Deno.readDirSync("/proc/self/fd")].length,
    heap: heapUsed + external,
    rss,
  };
}

/** What a first collection finalizes is gone with the second. */
async function collectGarbage(): Promise<void> {
  // --expose-gc brings it.
  const { gc } = globalThis as unknown as { gc: () => void };
  gc();
  await nextTurn();
  gc();
}

if (import.meta.main) await main(JSON.parse(Deno.args[0]!));
