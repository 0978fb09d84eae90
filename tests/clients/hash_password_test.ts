import assert from "node:assert/strict";
import { clientTest } from "./client_test_case.ts";
import { runClient } from "./client_run.ts";
import { cosftpCommand } from "./gateway_process.ts";

const SCRIPT = new URL("hash_password.exp", import.meta.url).pathname;

clientTest({
  name: "expect types a password that nobody sees, and hash-password writes its hash",
  clients: ["expect"],
}, async (home) => {
  const [program, ...args] = cosftpCommand();
  const command = ["expect", SCRIPT, "n0b0dy sees", program!, ...args, "hash-password"] as const;
  // Deno finds its packages where the test does.
  const { stdout } = await runClient(command, { home, env: Deno.env.toObject() });
  assert.match(stdout, /scrypt:N=32768:r=8:p=3:[\w-]{22}:[\w-]{43}/);
});
