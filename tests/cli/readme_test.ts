import assert from "node:assert/strict";
import { ALL_CHECKS } from "../../src/cli/doctor_sides.ts";
import { run } from "../../src/cli/program.ts";
import { CONFIGURATION_CHECKS, KEY_CHECKS } from "../../src/app/diagnose.ts";
import { BUCKET, SECRET, startBucket } from "../doctor/keys/checked_bucket.ts";
import { configurationFile } from "./configuration_file.ts";
import { FakeTerminal } from "./fake_terminal.ts";

const README = Deno.readTextFileSync(new URL("../../README.md", import.meta.url));

/** What README shows under a line. */
function shown(line: string): string {
  const start = README.indexOf("```\n", README.indexOf(line)) + 4;
  return README.slice(start, README.indexOf("```", start));
}

/** Without what differs from one run to the next, and without the lines' ends, which are the terminal's. */
function settled(text: string, path = "./conf/vsftpd.conf"): string {
  return text.replaceAll(path, "./conf/vsftpd.conf")
    .replace(/\s+/g, " ")
    .replace(/\(request [^ )]+\)/g, "(request ID)")
    .replace(/127\.0\.0\.1:\d+/g, "127.0.0.1:PORT")
    .replace(/ in \d+ ms/g, " in N ms")
    .replace(/\(\d+\.\d s\)/g, "(N s)");
}

function account(number: number, lines: readonly string[]): string {
  return [
    `[COS_ACCOUNT_${number}]`,
    `cos_secretid = ${SECRET.secretId}`,
    `cos_bucket = ${BUCKET}`,
    "cos_protocol = http",
    `ftp_login_user_name = user${number}`,
    "home_dir = default",
    ...lines,
    "",
  ].join("\n");
}

async function written(command: readonly string[], text: string): Promise<string> {
  await using file = await configurationFile(text);
  const terminal = new FakeTerminal();
  await run([...command, "--config", file.path], terminal);
  return settled(terminal.stdout, file.path);
}

Deno.test("README shows what validate writes", async () => {
  const keys = [`cos_secretkey = ${SECRET.secretKey}`, "cos_region = ap-guangzhou"];
  const text = account(0, [...keys, "ftp_login_user_password = user0"]) +
    account(1, [...keys, 'ftp_login_user_password = "zFvbF02aXq7m"', ""]) +
    "\n[NETWORK]\nmasquerade_address = ftp.example.com\n\n" +
    "[OPTIONAL]\nmax_connection_num = 0\nupload_memory_max = 1GiB\n";
  assert.equal(await written(["validate"], text), settled(shown("`cosftp validate` makes")));
});

Deno.test("README shows what check-keys writes", async () => {
  await using bucket = await startBucket();
  const place = [
    `cos_endpoint = 127.0.0.1:${bucket.address.port}`,
    "ftp_login_user_password = correct-horse",
  ];
  const text =
    account(0, [...place, `cos_secretkey = ${SECRET.secretKey}`, "key_prefix = team/a/"]) +
    account(1, [...place, "cos_secretkey = wrong"]);
  assert.equal(
    await written(["check-keys", "--write"], text),
    settled(shown("`cosftp check-keys` looks")),
  );
});

Deno.test("the operating guide says of every check of check-keys and doctor what it finds", () => {
  const guide = Deno.readTextFileSync(new URL("../../conf/README.md", import.meta.url));
  const told = new Set(
    guide.split("\n").filter((line) => line.startsWith("| `"))
      .flatMap((line) => [...line.split(" | ")[0]!.matchAll(/`([^`]+)`/g)].map(([, id]) => id)),
  );
  const missing = [...KEY_CHECKS, ...ALL_CHECKS].filter(({ id }) => !told.has(id));
  assert.deepEqual(missing.map(({ id }) => id), []);
});

const IDS = [...CONFIGURATION_CHECKS, ...KEY_CHECKS, ...ALL_CHECKS].map(({ id }) => id);

/** The rows under "Answers": a question, an answer, and the checks of it. */
function answers(): { question: string; checks: string }[] {
  const start = README.indexOf("\n## Answers\n");
  const section = README.slice(start, README.indexOf("\n## ", start + 1));
  return section.split("\n").filter((line) => /^\| [^-]/.test(line)).slice(1).map((line) => {
    const [question = "", , checks = ""] = line.slice(2, -2).split(" | ");
    return { question, checks };
  });
}

/** The questions that the documents of cos-ftp-server-V5, OSS-FTP and qsftpd answer, by words of README's rows. */
const ASKED = [
  /^How do I get FTP on a bucket/,
  /`masquerade_address`/,
  /unroutable address/,
  /No route to host/,
  /cancelled an upload/,
  /exceeds the limit, and why is there one/,
  /530, or the bucket cannot be listed/,
  /Which rights must the keys have/,
  /501 can't decode path/,
  /cannot connect at all/,
  /Which ports must be open/,
  /refused under load/,
  /password be read on the way/,
  /internal domain/,
] as const;

Deno.test("README answers what users ask, each time by checks that there are", () => {
  const rows = answers();
  for (const pattern of ASKED) {
    assert.ok(rows.some(({ question }) => pattern.test(question)), `${pattern} is answered`);
  }
  for (const { question, checks } of rows) {
    const named = [...checks.matchAll(/`([^`]+)`/g)].map(([, name]) => name!);
    assert.ok(named.length > 0, `${question} has a check`);
    for (const name of named) {
      const id = name.replace(/^(validate|check-keys) ?/, "");
      assert.ok(id === "" || IDS.includes(id), `${question}: there is no check ${name}`);
    }
  }
});
