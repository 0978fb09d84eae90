/**
 * Run in a namespace: `probe.ts tcp MILLISECONDS HOST PORT...` or `probe.ts echo MILLISECONDS HOST [SIZE]` prints what src/net found out, as a JSON array.
 */
import { echo } from "../../src/net/icmp.ts";
import { Libc } from "../../src/net/libc.ts";
import { probeTcp } from "../../src/net/tcp_probe.ts";

const [kind, milliseconds, hostname = "", ...numbers] = Deno.args;
const timeout = Number(milliseconds);
const { signal } = new AbortController();
using libc = Libc.open();
const results = kind === "tcp"
  ? await Promise.all(numbers.map((number) => {
    const address = { hostname, port: Number(number) };
    return probeTcp(libc, { address, timeout, signal });
  }))
  : [
    await echo(libc, {
      address: hostname,
      ...(numbers.length === 0 ? {} : { size: Number(numbers[0]), fragments: "forbidden" }),
      timeout,
      signal,
    }),
  ];
await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(results)));
