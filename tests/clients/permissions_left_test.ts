import assert from "node:assert/strict";
import { KEYS } from "./bucket.ts";
import { clientTest } from "./client_test_case.ts";
import { runClient } from "./client_run.ts";
import { Gateway, type Settings } from "./gateway.ts";

const KEYS_FILE = "keys.json";

/** What a gateway still has to do when it serves: resolve a name, load an encoding, read a file again. */
function settings(folder: string): Settings {
  return {
    COS_ACCOUNT_0: {
      cos_secretid: "",
      cos_secretkey: "",
      cos_credentials_file: `${folder}/${KEYS_FILE}`,
      path_encoding: "gb18030",
    },
    NETWORK: { masquerade_address: "localhost" },
  };
}

for (
  const [what, logging, left] of [
    ["no log file", { log_file_enabled: "false" }, "read net"],
    ["a log file", { log_file_enabled: "true" }, "write read net"],
  ] as const
) {
  clientTest({
    name: `curl stores and fetches when the gateway has given up its permissions, with ${what}`,
    clients: ["curl"],
  }, async (folder) => {
    const run = (...args: string[]) => runClient(["curl", "-sS", ...args], { home: folder });
    await Deno.writeTextFile(`${folder}/${KEYS_FILE}`, JSON.stringify(KEYS));
    const given = settings(folder);
    const log = { log_level: "DEBUG", log_dir: `${folder}/log`, ...logging };
    await using gateway = await Gateway.start({ ...given, OPTIONAL: log });
    await gateway.explain(async () => {
      await gateway.process.said(new RegExp(`Permissions that are left.* permissions="${left}"`));
      const url = `ftp://${gateway.user}:${gateway.password}@${gateway.host}:${gateway.port}/a`;
      await run("-T", KEYS_FILE, url);
      const { stdout } = await run("--disable-epsv", url);
      assert.equal(stdout, JSON.stringify(KEYS));
    });
  });
}
