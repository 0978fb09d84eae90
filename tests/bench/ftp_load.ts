/** Carries out the {@linkcode Job} in its argument, as a process of its own, and prints the {@linkcode Outcome}. */
import { FtpClient, FtpFailure } from "./ftp_client.ts";
import type { Job, Outcome } from "./load.ts";

async function carryOut(job: Job): Promise<Outcome> {
  const logins = Array.from({ length: job.sessions }, () => FtpClient.logIn(job));
  const clients = await Promise.all(logins);
  const failures: string[] = [];
  let [next, bytes, firstByte, tail] = [0, 0, 0, 0];
  const begun = performance.now();
  const end = begun + 1000 * (job.seconds ?? Infinity);
  await Promise.all(clients.map(async (client) => {
    while (next < job.transfers && performance.now() < end) {
      const path = job.path.replace("#", String(next++));
      try {
        const times = job.verb === "STOR"
          ? await client.store(path, job.size ?? 0)
          : await client.receive(`${job.verb} ${path}`);
        bytes += times.bytes;
        firstByte = Math.max(firstByte, times.firstByte);
        tail = Math.max(tail, times.tail);
      } catch (error) {
        if (!(error instanceof FtpFailure)) throw error;
        failures.push(error.message);
      }
    }
  }));
  const seconds = (performance.now() - begun) / 1000;
  for (const client of clients) client[Symbol.dispose]();
  return {
    seconds,
    transfers: next - failures.length,
    bytes,
    firstByte,
    tail,
    failures,
  };
}

const outcome = await carryOut(JSON.parse(Deno.args[0]!));
Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(outcome)));
