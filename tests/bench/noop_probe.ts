/**
 * An idle session that sends NOOP every 10 ms, as a process of its own, until its standard input ends. Then it prints how
 * long each reply took, in milliseconds, as a JSON array. Its argument is the {@linkcode FtpServerAddress}.
 */
import { FtpClient } from "./ftp_client.ts";

const PAUSE = 10;

let ended = false;
const ending = Deno.stdin.read(new Uint8Array(1)).then(() => void (ended = true));
const address = JSON.parse(Deno.args[0]!);
using client = await FtpClient.logIn(address);
const waits: number[] = [];
while (!ended) {
  const begun = performance.now();
  await client.command("NOOP");
  waits.push(performance.now() - begun);
  await new Promise((resolve) => setTimeout(resolve, PAUSE));
}
await ending;
Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(waits)));
