/**
 * Run in a namespace: `probe.ts tcp HOST PORT` or `probe.ts echo HOST [SIZE]` prints what src/net found out, as JSON.
 */
import { echo } from "../../src/net/icmp.ts";
import { Libc } from "../../src/net/libc.ts";
import { probeTcp } from "../../src/net/tcp_probe.ts";

const [kind, hostname = "", number] = Deno.args;
const { signal } = new AbortController();
using libc = Libc.open();
const result = kind === "tcp"
  ? await probeTcp(libc, { address: { hostname, port: Number(number) }, timeout: 5_000, signal })
  : await echo(libc, {
    address: hostname,
    ...(number === undefined ? {} : { size: Number(number), fragments: "forbidden" }),
    timeout: 1_000,
    signal,
  });
await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(result)));
