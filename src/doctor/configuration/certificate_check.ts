import { X509Certificate } from "node:crypto";
import { readTextFile } from "../../config/text_file.ts";
import { ipVersion } from "../../net/cidr.ts";
import {
  CertificateError,
  type CertificateFacts,
  judgeCertificate,
} from "../../net/certificate.ts";
import type { Check, Outcome } from "../check.ts";
import type { ConfigurationSubject } from "./configuration_subject.ts";

const DAY = 86_400_000;

/** Who renews by hand needs this long; who renews by ACME did so before. Milliseconds. */
const SOON = 21 * DAY;

/** The certificate that TLS is offered with: whether it can be used, until when, and for which names. */
export const certificateCheck: Check<ConfigurationSubject> = {
  id: "config.certificate",
  title:
    "The certificate fits its key, is valid now and for a while, and for the name that clients use",
  needs: ["config.problems"],
  mode: "offline",
  run({ loaded, certificate, readFile, clock }) {
    if (!certificate) return [];
    const files = [certificate.cert, certificate.key].map((path) => ({
      path,
      content: readTextFile(path, readFile),
    }));
    const unreadable = files.flatMap(({ path, content }): Outcome[] =>
      "text" in content ? [] : [{
        status: "fail",
        target: path,
        summary: `Cannot read the file: ${content.reason}`,
        remedy: { text: content.remedy },
      }]
    );
    if (unreadable.length > 0) return unreadable;
    const [cert, key] = files.map(({ content }) => "text" in content ? content.text : "");
    try {
      const facts = judgeCertificate({ cert: cert!, key: key! });
      const target = certificate.cert;
      const name = loaded.config?.network.masqueradeAddress;
      return [
        ...validity(facts, clock.now()),
        ...nameOutcomes(facts, { name, certificate: new X509Certificate(cert!) }),
        ...chainOutcomes(cert!),
      ].map((outcome) => ({ ...outcome, target }));
    } catch (error) {
      if (!(error instanceof CertificateError)) throw error;
      return [{
        status: "fail",
        target: certificate[error.part],
        summary: `Cannot use the ${
          error.part === "cert" ? "certificate" : "key"
        }: ${error.message}`,
        remedy: { text: "Name the files of one certificate and its key as they were issued" },
      }];
    }
  },
};

function validity(
  { subject, names, validFrom, validTo }: CertificateFacts,
  now: number,
): Outcome[] {
  const data = { validFrom: validFrom.toISOString(), validTo: validTo.toISOString(), names };
  const day = (date: Date) => date.toISOString().slice(0, 10);
  if (now >= validTo.getTime()) {
    return [{
      status: "fail",
      summary: `The certificate has expired on ${day(validTo)}`,
      remedy: { text: "Renew it; cosftp reads the new file by itself" },
      data,
    }];
  }
  if (now < validFrom.getTime()) {
    return [{
      status: "fail",
      summary: `The certificate is only valid from ${day(validFrom)}`,
      remedy: { text: "Wait, or see whether this machine's clock is right", commands: ["date -u"] },
      data,
    }];
  }
  const days = Math.floor((validTo.getTime() - now) / DAY);
  if (validTo.getTime() - now < SOON) {
    return [{
      status: "warn",
      summary: `The certificate expires in ${days} days, on ${day(validTo)}`,
      remedy: { text: "Renew it; cosftp reads the new file by itself" },
      data,
    }];
  }
  const whose = names || subject;
  return [{ status: "pass", summary: `${whose}, valid for ${days} days`, data }];
}

/** Clients look at the names alone, not at the subject (RFC 9525). */
function nameOutcomes(
  { subject, names }: CertificateFacts,
  { name, certificate }: { name: string | undefined; certificate: X509Certificate },
): Outcome[] {
  if (names === "") {
    return [{
      status: "warn",
      summary: `The certificate has no names (subjectAltName), only the subject ${subject}`,
      remedy: { text: "Clients do not look at the subject: have one issued with DNS names" },
    }];
  }
  if (name === undefined) return [];
  const fits = ipVersion(name) ? certificate.checkIP(name) : certificate.checkHost(name);
  if (fits !== undefined) return [];
  return [{
    status: "warn",
    summary: `The certificate is for ${names}, not for masquerade_address ${name}`,
    remedy: {
      text: "Clients that connect by that name will not trust it: have it issued for it too",
    },
  }];
}

/** A certificate alone of which the issuer is another one: clients may not know that one. */
function chainOutcomes(pem: string): Outcome[] {
  const { subject, issuer } = new X509Certificate(pem);
  const count = pem.split("-----BEGIN CERTIFICATE-----").length - 1;
  if (count > 1) return [];
  const data = { issuer: issuer.replaceAll("\n", ", ") };
  return [
    subject === issuer
      ? {
        status: "warn",
        summary: "The certificate is signed by itself: no client trusts it unasked",
        remedy: {
          text: "Have one issued by an authority that clients know, or give them this one",
        },
        data,
      }
      : {
        status: "warn",
        summary: `The file has no chain: whoever does not know ${data.issuer} cannot trust it`,
        remedy: {
          text: "Put the issuer's certificate behind it: fullchain.pem where there is one",
        },
        data,
      },
  ];
}
