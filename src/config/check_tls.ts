import { CertificateError, judgeCertificate } from "../net/certificate.ts";
import type { ReadSettings } from "./assemble.ts";
import type { Place, Problem } from "./problem.ts";
import { type ReadFile, readTextFile } from "./text_file.ts";

type FileKey = "tls_cert_file" | "tls_key_file";

/** Checks that TLS can be offered where it is wanted, that certificate and key can be used, and that SecretKeys need it. */
export function checkTls(read: ReadSettings, readFile: ReadFile): Problem[] {
  return [...checkCertificate(read, readFile), ...checkKeyLogin(read)];
}

function checkCertificate(read: ReadSettings, readFile: ReadFile): Problem[] {
  const { tls_cert_file: cert, tls_key_file: key } = read.tls.values;
  if (cert && key) return [...checkFiles(read, { cert, key, readFile }), ...checkPort(read)];
  if (cert) {
    return [missingFile(read, "tls_key_file", { place: read.tls.placeOf("tls_cert_file") })];
  }
  const wanting = whoWantsTls(read);
  return key || wanting ? [missingFile(read, "tls_cert_file", wanting ?? {})] : [];
}

/** The first setting that needs a certificate. */
function whoWantsTls({ tls, accounts }: ReadSettings): { place?: Place; why: string } | undefined {
  const { tls_required: required, implicit_tls_port: port } = tls.values;
  if (required !== undefined && required !== "no") {
    return { place: tls.placeOf("tls_required"), why: `tls_required is ${required}` };
  }
  if (port !== undefined) {
    return { place: tls.placeOf("implicit_tls_port"), why: "implicit_tls_port is given" };
  }
  const account = accounts.find(({ values }) => values.require_tls);
  return account && {
    place: account.placeOf("require_tls"),
    why: `[${account.section.name}] require_tls is true`,
  };
}

function missingFile(
  { tls: { section } }: ReadSettings,
  key: FileKey,
  { place, why }: { place?: Place; why?: string },
): Problem {
  const what = key === "tls_cert_file" ? "certificate" : "private key";
  const reason = why ? `, because ${why}` : "";
  return {
    ...(place ?? section.place),
    severity: "error",
    kind: "missing",
    section: section.name,
    key,
    message: `Cannot offer TLS: found no ${key}, wanted the file of the ${what}${reason}`,
    remedy: "Give both tls_cert_file and tls_key_file",
  };
}

function checkFiles(
  { tls }: ReadSettings,
  { cert, key, readFile }: { cert: string; key: string; readFile: ReadFile },
): Problem[] {
  const about = (name: FileKey, kind: Problem["kind"]) => ({
    ...tls.placeOf(name),
    severity: "error" as const,
    kind,
    section: tls.section.name,
    key: name,
  });
  const pair = { cert: readTextFile(cert, readFile), key: readTextFile(key, readFile) };
  const problems: Problem[] = [];
  for (const name of ["cert", "key"] as const) {
    const file = pair[name];
    if ("text" in file) continue;
    problems.push({
      ...about(`tls_${name}_file`, "unreadable"),
      message: `Cannot use [${tls.section.name}] tls_${name}_file: cannot read it, ${file.reason}`,
      remedy: file.remedy,
    });
  }
  if (!("text" in pair.cert && "text" in pair.key)) return problems;
  try {
    judgeCertificate({ cert: pair.cert.text, key: pair.key.text });
    return [];
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    return [{
      ...about(`tls_${error.part}_file`, "invalid"),
      message: `Cannot use [${tls.section.name}] tls_${error.part}_file: ${error.message}`,
      remedy: "Name the files of one certificate and its key as they were issued",
    }];
  }
}

/** Where keys of the cloud are a login, whoever listens on the way has them, unless there must be TLS. */
function checkKeyLogin({ login, tls }: ReadSettings): Problem[] {
  const { tls_cert_file: cert, tls_required: required } = tls.values;
  if (!login.values.cos_key_login || required !== "no") return [];
  return [{
    ...(login.placeOf("cos_key_login") ?? login.section.place),
    severity: "warning",
    kind: "conflict",
    section: login.section.name,
    key: "cos_key_login",
    message: `[${login.section.name}] cos_key_login takes SecretKeys in clear text: ` +
      "found tls_required no, wanted control or all",
    remedy: cert
      ? "Add tls_required = all to [TLS]"
      : "Add tls_cert_file, tls_key_file and tls_required = all to [TLS]",
  }];
}

function checkPort({ tls, network }: ReadSettings): Problem[] {
  const { implicit_tls_port: port } = tls.values;
  if (!port || port !== network.values.listen_port) return [];
  return [{
    ...tls.placeOf("implicit_tls_port"),
    severity: "error",
    kind: "conflict",
    section: tls.section.name,
    key: "implicit_tls_port",
    found: `${port}`,
    message: `Cannot use [${tls.section.name}] implicit_tls_port: found ${port}, which is ` +
      "listen_port, wanted another port",
    remedy: "Choose another port, usually 990",
  }];
}
