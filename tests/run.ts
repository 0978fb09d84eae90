/**
 * What `deno task test` runs: `deno test` over the whole tree, or over the paths and with the filters given as arguments.
 * Its last line counts what really ran, `N passed, N failed`; the lines before name the clients that are not installed.
 */
import { missingClients } from "./clients/installed.ts";
import { missingServers } from "./doctor/foreign_server.ts";
import { missingFirewalls, whyNoNetworks } from "./doctor/permitted.ts";
import { countTests } from "./junit.ts";

/** Tests start real clients, which no sandbox holds, so `run` is not narrowed to names. */
const PERMISSIONS = ["net", "read", "write", "env", "run", "sys"].map((name) => `--allow-${name}`);

/** On by default in Deno 2.7, which has no such options; to be asked for in 2.9. */
const SANITIZERS = ["--sanitize-ops", "--sanitize-resources"];

function sanitizers(): string[] {
  const { stdout } = new Deno.Command(Deno.execPath(), { args: ["test", "--help"] }).outputSync();
  const help = new TextDecoder().decode(stdout);
  return SANITIZERS.filter((option) => help.includes(option));
}

const report = Deno.makeTempFileSync({ prefix: "cosftp-tests-", suffix: ".xml" });
try {
  const { success } = new Deno.Command(Deno.execPath(), {
    args: [
      "test",
      "--no-prompt",
      "--lock=tests/deno.lock",
      ...sanitizers(),
      ...PERMISSIONS,
      `--junit-path=${report}`,
      ...Deno.args,
    ],
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
  }).outputSync();
  const { passed, failed } = countTests(Deno.readTextFileSync(report));
  // A module that cannot be loaded fails the run, but is in no report.
  const failures = success ? failed : Math.max(failed, 1);
  const noNetworks = whyNoNetworks();
  const closing = [
    ...missingClients().map((missing) => `Not tested: ${missing}`),
    ...missingServers().map((missing) => `Not tested: ${missing}`),
    ...Object.values(missingFirewalls()).flatMap((missing) =>
      missing === undefined ? [] : [`Not tested: doctor beside it: ${missing}`]
    ),
    ...(noNetworks === undefined ? [] : [`Not tested: doctor in networks: ${noNetworks}`]),
    `${passed} passed, ${failures} failed`,
  ];
  Deno.stdout.writeSync(new TextEncoder().encode(`${closing.join("\n")}\n`));
  Deno.exitCode = failures > 0 || passed === 0 ? 1 : 0;
} finally {
  Deno.removeSync(report);
}
