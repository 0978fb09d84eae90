import assert from "node:assert/strict";
import { listen } from "../../src/net/connection.ts";
import { runClient } from "./client_run.ts";
import { clientTest } from "./client_test_case.ts";

/** Connects so often, and resets each connection at once. */
const RESET = `
import socket, struct, sys
for _ in range(20):
    client = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
`;

clientTest({
  name:
    "python3 resets connections before they are accepted: the next one is, as if nothing had been",
  clients: ["python3"],
}, async (home) => {
  using listener = listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.address;
  await runClient(["python3", "-c", RESET, `${port}`], { home });
  using client = await Deno.connect({ hostname: "127.0.0.1", port });
  using connection = await listener.accept();
  assert.equal(connection?.remote.port, (client.localAddr as Deno.NetAddr).port);
});
