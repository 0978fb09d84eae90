import { runHere } from "./namespaces.ts";

const EC = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes".split(" ");

/** Where the PEM files of a server and of whoever signed it are. */
export interface Certificate {
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

/** Makes an authority, and a certificate of it for the IP address `address`, in `folder`. */
export async function makeCertificate(folder: string, address: string): Promise<Certificate> {
  const file = (name: string) => `${folder}/${name}`;
  const openssl = (...args: string[]) => runHere(["openssl", ...args]);
  const authority = file("authority.pem");
  await openssl(
    ..."req -x509 -days 2 -subj /CN=authority".split(" "),
    ...EC,
    "-keyout",
    file("authority.key"),
    "-out",
    authority,
  );
  await openssl(
    ..."req -subj /CN=server".split(" "),
    ...EC,
    "-keyout",
    file("server.key"),
    "-out",
    file("server.csr"),
  );
  await Deno.writeTextFile(file("extensions"), `subjectAltName=IP:${address}\n`);
  await openssl(
    ..."x509 -req -days 2 -CAcreateserial".split(" "),
    "-CA",
    authority,
    "-CAkey",
    file("authority.key"),
    "-in",
    file("server.csr"),
    "-extfile",
    file("extensions"),
    "-out",
    file("server.pem"),
  );
  return { authority, certificate: file("server.pem"), key: file("server.key") };
}
