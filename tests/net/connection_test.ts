import assert from "node:assert/strict";
import { type Connection, listen, nextTurn, systemDialer } from "../../src/net/connection.ts";

/** Both ends of a connection over loopback. */
async function connected(): Promise<{ client: Connection; server: Connection }> {
  using listener = listen({ hostname: "127.0.0.1", port: 0 });
  const { signal } = new AbortController();
  const client = await systemDialer.connect(listener.address, signal);
  return { client, server: (await listener.accept())! };
}

Deno.test("closing a connection ends its pending read and its pending write", async () => {
  const { client, server } = await connected();
  using _client = client;
  const reading = assert.rejects(server.read(new Uint8Array(1)));
  // More than the buffers on the way hold, and nobody reads.
  const writing = assert.rejects(server.write(new Uint8Array(64 * 1024 * 1024)));
  for (let turn = 0; turn < 10; turn++) await nextTurn();
  server.close();
  await Promise.all([reading, writing]);
  server.close();
});

Deno.test("a connection writes everything, however the socket takes it", async () => {
  const { client, server } = await connected();
  using _client = client;
  using _server = server;
  const size = 20 * 1024 * 1024 + 7;
  const writing = server.write(new Uint8Array(size)).then(() => server.closeWrite());
  const buffer = new Uint8Array(100_000);
  let read = 0;
  for (;;) {
    const count = await client.read(buffer);
    if (count === null) break;
    read += count;
  }
  await writing;
  assert.equal(read, size);
});

Deno.test("listener on which connections never stop coming leaves others their turn", async () => {
  using listener = listen({ hostname: "127.0.0.1", port: 0 });
  using open = new DisposableStack();
  for (let count = 0; count < 100; count++) {
    open.use(await Deno.connect(listener.address));
  }
  let accepted = 0;
  const atTurn = new Promise<number>((resolve) => setTimeout(() => resolve(accepted), 0));
  for (; accepted < 100; accepted++) open.use((await listener.accept())!);
  assert.ok(await atTurn < 50, `${await atTurn} came first`);
});
