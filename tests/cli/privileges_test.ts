import assert from "node:assert/strict";

/** Tries what each permission is for, after giving up some, and says what worked. */
const SCRIPT = `
import { giveUpPermissions } from ${
  JSON.stringify(new URL("../../src/cli/privileges.ts", import.meta.url))
};
const left = giveUpPermissions(JSON.parse(Deno.args[0]));
const attempts = {
  run: () => new Deno.Command("true").outputSync(),
  ffi: () => Deno.dlopen("libc.so.6", { getpid: { parameters: [], result: "i32" } }).close(),
  sys: () => Deno.hostname(),
  env: () => Deno.env.get("HOME"),
  write: () => Deno.writeTextFileSync("/dev/null", ""),
  read: () => Deno.readTextFileSync(new URL(import.meta.url)),
  net: () => Deno.listen({ hostname: "127.0.0.1", port: 0 }).close(),
};
const works = Object.keys(attempts).filter((name) => {
  try {
    attempts[name]();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return false;
    throw error;
  }
});
console.log(JSON.stringify({ left, works }));
`;

async function attempt(
  giveUp: readonly string[],
  permissions: readonly string[],
): Promise<{ left: string[]; works: string[] }> {
  const script = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(script, SCRIPT);
    const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--quiet",
        "--no-prompt",
        "--no-check",
        ...permissions,
        script,
        JSON.stringify(giveUp),
      ],
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    return JSON.parse(new TextDecoder().decode(stdout));
  } finally {
    await Deno.remove(script);
  }
}

Deno.test("permissions that were given up are gone, the others stay", async () => {
  assert.deepEqual(await attempt(["run", "ffi", "sys", "env", "write"], ["--allow-all"]), {
    left: ["read", "net"],
    works: ["read", "net"],
  });
  assert.deepEqual(await attempt(["run", "ffi", "sys", "env"], ["--allow-all"]), {
    left: ["write", "read", "net"],
    works: ["write", "read", "net"],
  });
});

Deno.test("permission that was granted in part is given up as a whole", async () => {
  const granted = ["--allow-sys=hostname", "--allow-read", "--allow-env=HOME"];
  assert.deepEqual((await attempt([], granted)).works, ["sys", "env", "read"]);
  assert.deepEqual(await attempt(["sys", "env"], granted), { left: ["read"], works: ["read"] });
});
