import assert from "node:assert/strict";
import { systemDialer } from "../../src/net/connection.ts";
import { LOCALHOST } from "./localhost_certificate.ts";

/** Answers every PUT on every connection with the connection's number and how many bytes it brought. */
class TlsServer implements AsyncDisposable {
  readonly #listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, ...LOCALHOST });
  readonly #conns: Deno.TlsConn[] = [];
  readonly #running: Promise<void>[] = [this.#accept()];

  get port(): number {
    return (this.#listener.addr as Deno.NetAddr).port;
  }

  /** How many clients have come, whether they spoke or not. */
  get connections(): number {
    return this.#conns.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const conn of this.#conns) {
      try {
        conn.close();
      } catch {
        // The client had refused the certificate.
      }
    }
    await Promise.all(this.#running);
  }

  async #accept(): Promise<void> {
    for await (const conn of this.#listener) {
      const number = this.#conns.push(conn);
      // A client that refuses the certificate ends the connection with an alert.
      this.#running.push(answerPuts(conn, number).catch(() => {}));
    }
  }
}

async function answerPuts(conn: Deno.TlsConn, number: number): Promise<void> {
  const buffer = new Uint8Array(64 * 1024);
  let text = "";
  let left = NaN;
  for (let count; (count = await conn.read(buffer)) !== null;) {
    if (Number.isNaN(left)) {
      text += new TextDecoder().decode(buffer.subarray(0, count));
      const end = text.indexOf("\r\n\r\n");
      if (end === -1) continue;
      left = Number(/content-length: (\d+)/.exec(text)![1]) + end + 4 - text.length;
    } else left -= count;
    if (left > 0) continue;
    const answer = `HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n${number}`;
    await conn.write(new TextEncoder().encode(answer));
    [text, left] = ["", NaN];
  }
}

/** What `tls_client.ts` prints. */
async function ask(
  hostname: string,
  port: number,
  { trusting }: { trusting: boolean },
): Promise<string> {
  const certificate = await Deno.makeTempFile({ suffix: ".pem" });
  await Deno.writeTextFile(certificate, LOCALHOST.cert);
  const script = new URL("tls_client.ts", import.meta.url).pathname;
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      "--no-lock",
      "--allow-net",
      ...trusting ? [`--cert=${certificate}`] : [],
      script,
      hostname,
      `${port}`,
    ],
    stdin: "null",
  }).output();
  await Deno.remove(certificate);
  return new TextDecoder().decode(stdout) || new TextDecoder().decode(stderr);
}

Deno.test("client speaks TLS to who is who it says, and keeps the connection", async () => {
  await using server = new TlsServer();
  assert.equal(await ask("localhost", server.port, { trusting: true }), "200 1, 200 1");
});

Deno.test("client does not speak to a certificate that nobody it trusts has signed", async () => {
  await using server = new TlsServer();
  assert.equal(
    await ask("localhost", server.port, { trusting: false }),
    "not-connected, not-connected",
  );
  assert.equal(server.connections, 2);
});

Deno.test("client does not speak to a certificate for another name", async () => {
  await using server = new TlsServer();
  assert.equal(
    await ask("127.0.0.1", server.port, { trusting: true }),
    "not-connected, not-connected",
  );
  assert.equal(server.connections, 2);
});

Deno.test("TLS handshake that is given up throws the signal's reason", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = listener.accept();
  const abort = new AbortController();
  const reason = new Error("enough");
  const { port } = listener.addr as Deno.NetAddr;
  const connecting = systemDialer.connectTls({ hostname: "127.0.0.1", port }, abort.signal);
  const conn = await accepted;
  await conn.read(new Uint8Array(1000));
  abort.abort(reason);
  await assert.rejects(connecting, (error) => error === reason);
  conn.close();
  listener.close();
});
