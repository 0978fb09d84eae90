import { systemClock } from "../../../src/clock.ts";
import { type Finding, selectChecks } from "../../../src/doctor/check.ts";
import { CONFIGURATION_CHECKS } from "../../../src/doctor/configuration/configuration_checks.ts";
import type { ConfigurationSubject } from "../../../src/doctor/configuration/configuration_subject.ts";
import { runChecks } from "../../../src/doctor/runner.ts";
import { type Files, loadText } from "../../config/loading.ts";

export const GIB = 1024 ** 3;

/** A file of one account, to which lines can be added. */
export const ACCOUNT = `[COS_ACCOUNT_0]
cos_secretid = AKIDexample
cos_secretkey = a-secret-key
cos_bucket = photos-1250000001
cos_region = ap-guangzhou
ftp_login_user_name = alice
ftp_login_user_password = correct-horse
`;

/** What one check finds in `vsftpd.conf`, which holds `text`, on a machine of 16 GiB whose files have these modes. */
export async function checkText(
  check: string,
  text: string,
  { files = {}, modes = {}, ...subject }:
    & Partial<ConfigurationSubject>
    & { files?: Files; modes?: Readonly<Record<string, number>> } = {},
): Promise<readonly Finding[]> {
  const all: Files = { ...files, "vsftpd.conf": text };
  const encoder = new TextEncoder();
  const findings = await runChecks<ConfigurationSubject>({
    checks: selectChecks(CONFIGURATION_CHECKS, [check]),
    subjects: [{
      name: "vsftpd.conf",
      subject: {
        loaded: loadText(text, { files }),
        readFile(path) {
          const content = all[path];
          if (content === undefined) throw new Deno.errors.NotFound(path);
          return typeof content === "string" ? encoder.encode(content) : content;
        },
        stat: (path) => path in modes ? { mode: modes[path]!, isDirectory: false } : undefined,
        certificate: undefined,
        build: () => Promise.resolve(),
        machineMemory: 16 * GIB,
        clock: systemClock,
        ...subject,
      },
    }],
    modes: ["offline"],
    clock: systemClock,
    signal: new AbortController().signal,
  });
  return findings.filter((finding) => finding.check === check);
}

/** `status target: summary` of each. */
export function brief(findings: readonly Finding[]): string[] {
  return findings.map(({ status, target, summary }) => `${status} ${target}: ${summary}`);
}
