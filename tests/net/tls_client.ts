/** Asks `https://HOST:PORT/` (the two arguments) and prints status and body, or why there is no answer. Run by a test. */
import { systemClock } from "../../src/clock.ts";
import { systemDialer } from "../../src/net/connection.ts";
import { HttpClient, HttpError } from "../../src/net/http_client.ts";

const [hostname = "", port] = Deno.args;
using client = new HttpClient({ dialer: systemDialer, clock: systemClock });
const out: string[] = [];
for (let request = 0; request < 2; request++) {
  try {
    using response = await client.request({
      origin: { secure: true, hostname, port: Number(port) },
      method: "PUT",
      target: "/",
      headers: { host: hostname },
      body: [new Uint8Array(3 << 20)],
      repeatable: true,
      signal: new AbortController().signal,
    });
    out.push(`${response.status} ${new TextDecoder().decode(await response.collect(1000))}`);
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    out.push(error.kind);
  }
}
Deno.stdout.writeSync(new TextEncoder().encode(out.join(", ")));
