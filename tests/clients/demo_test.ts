import assert from "node:assert/strict";
import { runClient } from "./client_run.ts";
import { GatewayProcess } from "./gateway_process.ts";
import { clientTest } from "./client_test_case.ts";

clientTest(
  { name: "demo prints lines to paste that work", clients: ["curl", "lftp"] },
  async (folder) => {
    await Deno.writeTextFile(`${folder}/README.md`, "content");
    await using demo = startDemo();
    const lines = await pasteLines(demo);
    const paste = (line: string, stdin?: string) =>
      runClient(["sh", "-c", line], { home: folder, stdin });
    await paste(lines.find((line) => line.startsWith("curl -T "))!);
    const listed = await paste(lines.find((line) => line.startsWith("curl ftp:"))!);
    assert.match(listed.stdout, /^-rw\S+ .* 7 .* README\.md\n$/);
    const shown = await paste(
      lines.find((line) => line.startsWith("lftp "))!,
      "cat README.md\nbye\n",
    );
    assert.equal(shown.stdout, "content");
    assert.ok(lines.some((line) => line.startsWith("ftp 127.0.0.1 ")));
    assert.ok(lines.some((line) => line.startsWith("FileZilla: host 127.0.0.1, port ")));
  },
);

clientTest(
  { name: "demo with TLS prints lines to paste that work", clients: ["curl", "lftp"] },
  async (folder) => {
    await Deno.writeTextFile(`${folder}/README.md`, "content");
    await using demo = startDemo("--tls");
    const lines = await pasteLines(demo);
    const paste = (line: string, stdin?: string) =>
      runClient(["sh", "-c", line], { home: folder, stdin });
    await paste(lines.find((line) => line.startsWith("curl -k --ssl-reqd -T "))!);
    const lftp = lines.find((line) => line.startsWith("lftp "))!;
    const shown = await paste(lftp, "cat README.md\nbye\n");
    assert.equal(shown.stdout, "content");
  },
);

clientTest(
  { name: "demo keeps its bucket in the directory of --demo-dir", clients: ["curl"] },
  async (folder) => {
    const directory = ["--demo-dir", `${folder}/bucket`];
    await Deno.writeTextFile(`${folder}/README.md`, "content");
    {
      await using demo = startDemo(...directory);
      const [store] = await pasteLines(demo);
      await runClient(["sh", "-c", store!], { home: folder });
    }
    await using demo = startDemo(...directory);
    const [, list] = await pasteLines(demo);
    const { stdout } = await runClient(["sh", "-c", `${list}README.md`], { home: folder });
    assert.equal(stdout, "content");
  },
);

Deno.test("demo says in one line that its port is taken", async () => {
  using other = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const second = new GatewayProcess([
    "serve",
    "--demo",
    "--listen",
    `127.0.0.1:${other.addr.port}`,
  ]);
  const { code } = await second.status();
  assert.equal(code, 1);
  assert.match(
    second.stderr,
    /^cosftp serve: Cannot listen on 127\.0\.0\.1:\d+: the port is taken.*\n$/,
  );
  assert.equal(second.stdout, "");
});

Deno.test("demo ends with 0 at Ctrl-C", async () => {
  const demo = startDemo();
  await pasteLines(demo);
  demo.kill("SIGINT");
  const { code } = await demo.status();
  assert.equal(code, 0);
});

function startDemo(...args: string[]): GatewayProcess {
  return new GatewayProcess(["serve", "--demo", "--listen", "127.0.0.1:0", ...args]);
}

/** The lines that the demo prints to be pasted. */
async function pasteLines(demo: GatewayProcess): Promise<string[]> {
  const [, lines] = await demo.said(/another terminal:\n((?: {2}.*\n)+)\n/);
  return lines!.trimEnd().split("\n").map((line) => line.trim());
}
