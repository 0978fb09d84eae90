import { runHere } from "./namespaces.ts";

const EC = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes".split(" ");
const DAY = 86_400_000;

/** Where the PEM files of a server and of whoever signed it are. */
export interface Certificate {
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

/**
 * Makes an authority, and a certificate of it for the IP address `address`, in `folder`.
 *
 * @param options.until when it ends. @default tomorrow
 */
export async function makeCertificate(
  folder: string,
  { address, until = new Date(Date.now() + DAY) }: { address: string; until?: Date },
): Promise<Certificate> {
  const file = (name: string) => `${folder}/${name}`;
  const openssl = (...args: string[]) => runHere(["openssl", ...args]);
  const [authority, certificate, key] = [
    file("authority.pem"),
    file("server.pem"),
    file("server.key"),
  ];
  const [authorityKey, request, settings] = [
    file("authority.key"),
    file("server.csr"),
    file("ca.conf"),
  ];
  await openssl(
    ..."req -x509 -days 2 -subj /CN=authority".split(" "),
    ...EC,
    ...["-keyout", authorityKey, "-out", authority],
  );
  await openssl("req", "-subj", "/CN=server", ...EC, "-keyout", key, "-out", request);
  await Deno.writeTextFile(file("index"), "");
  await Deno.writeTextFile(
    settings,
    `[ca]
default_ca = own
[own]
database = ${file("index")}
new_certs_dir = ${folder}
rand_serial = yes
default_md = sha256
policy = any
x509_extensions = server
[any]
commonName = supplied
[server]
subjectAltName = IP:${address}
`,
  );
  const from = new Date(until.getTime() - 2 * DAY);
  await openssl(
    ..."ca -batch -notext".split(" "),
    ...["-config", settings, "-cert", authority, "-keyfile", authorityKey],
    ...[
      "-startdate",
      asn1Time(from),
      "-enddate",
      asn1Time(until),
      "-in",
      request,
      "-out",
      certificate,
    ],
  );
  return { authority, certificate, key };
}

/** `20260101120000Z`. */
function asn1Time(date: Date): string {
  return `${date.toISOString().replace(/\.\d+Z$/, "").replace(/[-:T]/g, "")}Z`;
}
