import assert from "node:assert/strict";
import { cosftpCommand } from "./gateway_process.ts";

Deno.test("a gateway that is started with few open files takes as many as its user may have", async () => {
  const command = [...cosftpCommand(), "serve", "--demo", "--listen", "127.0.0.1:0"];
  const script = 'ulimit -Sn 256; "$@" & read line; cat /proc/$!/limits; kill $!; wait $!';
  const child = new Deno.Command("sh", {
    args: ["-c", script, "sh", ...command],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const output = child.stdout.pipeThrough(new TextDecoderStream());
  const input = child.stdin.getWriter();
  let said = "";
  for await (const text of output) {
    said += text;
    if (/Max open files/.test(said) || !/account demo/.test(said)) continue;
    await input.write(new TextEncoder().encode("ready\n")).catch(() => {});
  }
  await input.close().catch(() => {});
  assert.equal((await child.status).code, 0);
  const [, soft, hard] = /^Max open files +(\w+) +(\w+)/m.exec(said)!;
  assert.equal(soft, hard);
});
