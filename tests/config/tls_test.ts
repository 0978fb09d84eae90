import assert from "node:assert/strict";
import { LOCALHOST } from "../net/localhost_certificate.ts";
import { accountText, configOf, type Files, loadText, onlyProblem } from "./loading.ts";

const FILES = { "cert.pem": LOCALHOST.cert, "key.pem": LOCALHOST.key };
const BOTH = ["tls_cert_file = cert.pem", "tls_key_file = key.pem"];

/** An account, and a section [TLS] of these lines, which begins on line 9. */
function loadTls(lines: readonly string[], { account = [], files = FILES }: {
  account?: readonly string[];
  files?: Files;
} = {}) {
  return loadText([accountText(0, ...account), "[TLS]", ...lines].join("\n"), { files });
}

/** The only problem: where it is, of which kind, and what it says. */
function problemOf(...args: Parameters<typeof loadTls>): unknown[] {
  const { line, kind, severity, key, message } = onlyProblem(loadTls(...args));
  return [severity, kind, key, line, message];
}

Deno.test("TLS needs both a certificate and its key", () => {
  assert.ok(configOf(loadTls(BOTH)).tls.files);
  assert.equal(configOf(loadTls([])).tls.files, undefined);
  assert.deepEqual(problemOf([BOTH[0]!]), [
    "error",
    "missing",
    "tls_key_file",
    10,
    "Cannot offer TLS: found no tls_key_file, wanted the file of the private key",
  ]);
  assert.deepEqual(problemOf([BOTH[1]!]).slice(0, 3), ["error", "missing", "tls_cert_file"]);
});

Deno.test("whatever wants TLS is refused without a certificate", () => {
  const cases = [
    [["tls_required = all"], [], /because tls_required is all$/],
    [["implicit_tls_port = 990"], [], /because implicit_tls_port is given$/],
    [[], ["require_tls = true"], /because \[COS_ACCOUNT_0\] require_tls is true$/],
  ] as const;
  for (const [tls, account, message] of cases) {
    const problem = onlyProblem(loadTls(tls, { account }));
    assert.deepEqual([problem.kind, problem.key], ["missing", "tls_cert_file"]);
    assert.match(problem.message, message);
    assert.equal(typeof problem.line, "number");
    assert.ok(configOf(loadTls([...BOTH, ...tls], { account })));
  }
});

Deno.test("a certificate that cannot be used is a problem of its file's key", () => {
  const { cert, key } = LOCALHOST;
  const cases = [
    [{ "key.pem": key }, "tls_cert_file", "unreadable", /cannot read it, no such file/],
    [{ "cert.pem": cert }, "tls_key_file", "unreadable", /cannot read it, no such file/],
    [{ "cert.pem": key, "key.pem": key }, "tls_cert_file", "invalid", /found no certificate/],
    [{ "cert.pem": cert, "key.pem": cert }, "tls_key_file", "invalid", /found no private key/],
  ] as const;
  for (const [files, wantedKey, kind, message] of cases) {
    const problem = onlyProblem(loadTls(BOTH, { files }));
    assert.deepEqual([problem.severity, problem.key, problem.kind], ["error", wantedKey, kind]);
    assert.match(problem.message, message);
  }
});

Deno.test("implicit_tls_port cannot be listen_port", () => {
  const problem = onlyProblem(loadTls([...BOTH, "implicit_tls_port = 2121"]));
  assert.deepEqual([problem.kind, problem.key], ["conflict", "implicit_tls_port"]);
});

Deno.test("SecretKeys as passwords in clear text are a warning", () => {
  const keyLogin = ["[LOGIN]", "cos_key_login = true", "cos_region = ap-guangzhou"];
  const [line, ...rest] = problemOf(keyLogin).toReversed();
  assert.deepEqual(rest, [11, "cos_key_login", "conflict", "warning"]);
  assert.match(
    `${line}`,
    /takes SecretKeys in clear text: found tls_required no, wanted control or all$/,
  );
  assert.match(onlyProblem(loadTls(keyLogin)).remedy, /^Add tls_cert_file, tls_key_file and/);
  assert.match(onlyProblem(loadTls([...BOTH, ...keyLogin])).remedy, /^Add tls_required = all/);
  for (const required of ["control", "all"]) {
    const { problems } = loadTls([...BOTH, `tls_required = ${required}`, ...keyLogin]);
    assert.deepEqual(problems, []);
  }
});
