import assert from "node:assert/strict";
import { gatewayTests } from "./client_test_case.ts";

const test = gatewayTests("testssl.sh", { TLS: { tls_required: "all" } });

/** What testssl.sh has to look at, and some of what it must have found out. They run side by side, since they mostly wait. */
const SECTIONS = [
  {
    name: "protocols and ciphers",
    flags: ["--protocols", "--standard", "--pfs"],
    ids: [
      ...["SSLv2", "SSLv3", "TLS1", "TLS1_1", "TLS1_2", "TLS1_3"],
      ...["NULL", "aNULL", "EXPORT", "LOW", "3DES_IDEA", "STRONG"].map((id) => `cipherlist_${id}`),
      "PFS",
    ],
  },
  {
    name: "vulnerabilities",
    flags: ["--vulnerable"],
    ids: [
      ...["heartbleed", "CCS", "ROBOT", "secure_renego", "secure_client_renego", "CRIME_TLS"],
      ...["POODLE_SSL", "fallback_SCSV", "SWEET32", "FREAK", "DROWN", "LOGJAM", "BEAST", "LUCKY13"],
      "RC4",
    ],
  },
];

/** Its exit code counts what was ambiguous; from 242 on it has failed. */
const TOLERANT = 'testssl "$0" "$@" || [ $? -lt 242 ]';

/** Also what it could not find out. */
const SERIOUS = ["MEDIUM", "HIGH", "CRITICAL", "FATAL", "WARN"];

test("finds nothing above low in protocols, ciphers and vulnerabilities", async (context) => {
  const { gateway: { host, port }, folder, run } = context;
  const options = ["--quiet", "--warnings", "batch", "--color", "0", "--nodns", "none"];
  const scan = async ({ name, flags, ids }: typeof SECTIONS[number]) => {
    const file = `${folder}/${name}.json`;
    const target = ["--jsonfile", file, "--starttls", "ftp", `${host}:${port}`];
    await run(["sh", "-c", TOLERANT, ...options, ...flags, ...target]);
    const findings: { id: string; severity: string }[] = JSON.parse(await Deno.readTextFile(file));
    const missing = ids.filter((wanted) => !findings.some(({ id }) => id === wanted));
    assert.deepEqual(missing, []);
    return findings;
  };
  const findings = (await Promise.all(SECTIONS.map(scan))).flat();
  // That is a finding about the machine that testssl.sh runs on.
  const serious = findings.filter(({ id }) => id !== "engine_problem")
    .filter(({ severity }) => SERIOUS.includes(severity));
  assert.deepEqual(serious, []);
});
