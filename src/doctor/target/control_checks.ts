import type { Check, Outcome } from "../check.ts";
import { FtpError } from "./ftp_client.ts";
import { SessionLost, type TargetSurvey } from "./target_survey.ts";

/** A greeting that takes longer tries the patience of clients. Milliseconds. */
const SLOW_GREETING = 3_000;

export const greeting: Check<TargetSurvey> = {
  id: "target.greeting",
  title: "the server greets as FTP servers do, and lists its features",
  needs: ["target.tcp"],
  mode: "online",
  async run(survey, { signal }) {
    try {
      const { reply, elapsed, features } = await survey.greeting(signal);
      const summary = `220 ${reply.text}; ${features?.join(", ") || "no features"}`;
      if (elapsed < SLOW_GREETING) return [{ status: "pass", summary }];
      return [{
        status: "warn",
        summary: `The greeting came after ${(elapsed / 1_000).toFixed(1)} s`,
        remedy: {
          text:
            "Usually the server looks up the client's name or asks its ident service: turn that off " +
            "(vsftpd: reverse_lookup_enable=NO; proftpd: UseReverseDNS off, IdentLookups off)",
        },
      }];
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof SessionLost) return error.outcomes;
      const advice = tlsAdvice(error as Error);
      if (survey.target.tls === "implicit" && advice !== undefined) {
        const { message } = error as Error;
        return [{ status: "fail", summary: `TLS failed: ${message}`, remedy: { text: advice } }];
      }
      return [{
        status: "fail",
        summary: `No greeting: ${(error as Error).message}`,
        remedy: {
          text: error instanceof FtpError
            ? "Look whether this is the FTP server's port, and whether the server is in order: its log says why"
            : "With ftps:// TLS begins at once; most servers want ftp:// and AUTH TLS",
        },
      }];
    }
  },
};

export const tls: Check<TargetSurvey> = {
  id: "target.tls",
  title: "TLS on the control connection, and its certificate",
  needs: ["target.greeting"],
  mode: "online",
  async run(survey, { signal }) {
    try {
      switch (await survey.protection(signal)) {
        case "implicit":
          return [{ status: "pass", summary: "TLS from the first byte" }];
        case "not wanted":
          return [notProtected("not used, because of --plain")];
        case "not offered":
          return [notProtected("not offered")];
        case "tls":
          return [{
            status: "pass",
            summary: `TLS, and the certificate is good for ${survey.target.hostname}`,
          }];
      }
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof SessionLost) return error.outcomes;
      if (!(error instanceof FtpError)) return [failedTls(error as Error)];
      return [{
        status: "fail",
        summary: error.message,
        remedy: {
          text:
            "It lists AUTH TLS and does not do it: give it a certificate (pure-ftpd: --tls=1, vsftpd: ssl_enable=YES, " +
            `proftpd: TLSEngine on). ${PLAIN}`,
        },
      }];
    }
  },
};

export const login: Check<TargetSurvey> = {
  id: "target.login",
  title: "the login is accepted",
  needs: ["target.greeting", "target.tls"],
  mode: "online",
  run: (survey, { signal }) =>
    survey.withSession(signal, (client) => {
      const how = client.isProtected ? "over TLS" : "in clear text";
      return [{ status: "pass", summary: `${survey.target.user} is logged in ${how}` }];
    }),
};

export const workingDirectory: Check<TargetSurvey> = {
  id: "target.pwd",
  title: "PWD answers with a path",
  needs: ["target.login"],
  mode: "online",
  run: (survey, { signal }) =>
    survey.withSession(signal, async (client) => {
      const answer = await client.ask("PWD", signal);
      const path = answer.code === 257 && /^"((?:[^"]|"")*)"/.exec(answer.text)?.[1];
      if (path) return [{ status: "pass", summary: `The working directory is ${path}` }];
      return [{
        status: "fail",
        summary: `PWD was answered with ${answer.lines.at(-1)}`,
        remedy: { text: 'A server says 257 "/path" (RFC 959 appendix II); its log may tell more' },
      }];
    }),
};

/** What rustls says of a certificate, and what to do about it. */
const TLS_ADVICE: readonly (readonly [RegExp, string])[] = [
  [
    /UnknownIssuer|CaUsedAsEndEntity|self.?signed/i,
    "Nobody whom this machine trusts has signed it: have it signed, send the intermediate certificates too, or trust it " +
    "with --ca FILE",
  ],
  [
    /NotValidForName|not valid for/i,
    "It is made out to another name: connect by its name, or have it made out to this one",
  ],
  [
    /expired|NotValidYet|not valid yet|not yet valid/i,
    "Renew it, or set the clocks of both machines",
  ],
];

function tlsAdvice({ message }: Error): string | undefined {
  return TLS_ADVICE.find(([pattern]) => pattern.test(message))?.[1];
}

function failedTls(error: Error): Outcome {
  const { message } = error;
  const advice = tlsAdvice(error) ??
    "The server's log says why; old servers speak nothing newer than TLS 1.1, which is not safe";
  return {
    status: "fail",
    summary: `TLS failed: ${message}`,
    remedy: { text: `${advice}. ${PLAIN}` },
  };
}

const PLAIN = "--plain goes on without TLS, and sends the password in clear text";

function notProtected(why: string): Outcome {
  return {
    status: "warn",
    summary: `TLS is ${why}: passwords and files can be read on the way`,
    remedy: { text: "Use TLS, or a network that you trust" },
  };
}
