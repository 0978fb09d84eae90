import { readPassword } from "../../accounts/passwords.ts";
import type { AccountConfig } from "../../config/config.ts";
import type { Check, Outcome } from "../check.ts";
import type { ConfigurationSubject } from "./configuration_subject.ts";

/** Shorter ones are found by trying. Characters. */
const LENGTH_MIN = 8;

/** Those that everybody tries first; digits may follow. */
const COMMON =
  /^(?:p[a@]ss(?:w[o0]rd|wd|er|word)?|admin(?:istrator)?|root|guest|test(?:er|ing)?|user|ftp(?:user|pass)?|qwert[yz](?:uiop)?|abc|a?qaz(?:wsx)?|1q2w3e(?:4r)?(?:5t)?|1qaz2wsx|iloveyou|letmein|welcome|monkey|dragon|master|login|secret|changeme|default|demo|tencent|cos|upload)[\d!@#.]*$/i;

/** Passwords that would be found by trying. They are never shown. */
export const passwordCheck: Check<ConfigurationSubject> = {
  id: "config.passwords",
  title: "No password would be found by trying, and nobody writes without one",
  needs: ["config.problems"],
  mode: "offline",
  run({ loaded }) {
    const { config } = loaded;
    if (!config) return [];
    const users = config.accounts.flatMap((account) =>
      account.users.map((user) => ({ account, ...user }))
    );
    const outcomes = users.flatMap(({ account, name, password }): Outcome[] => {
      if (password === undefined) return anonymousOutcome(account, name);
      const weakness = weaknessOf(password, name);
      return weakness === undefined ? [] : [{
        status: "warn",
        target: `[${account.section}] ${name}`,
        summary: `The password ${weakness}`,
        remedy: {
          text: "Take a long random one, and keep only its hash here",
          commands: ["openssl rand -base64 18", "cosftp hash-password"],
        },
      }];
    });
    if (outcomes.length > 0) return outcomes;
    return [{ status: "pass", summary: `None of ${users.length} is easily found by trying` }];
  },
};

/** @returns undefined for a password that is good enough, or a hash, of which nobody can tell. */
function weaknessOf(written: string, name: string): string | undefined {
  const password = readPassword(written);
  if (password.kind !== "plain") return undefined;
  const { text } = password;
  const lower = text.toLowerCase();
  if (lower.replace(/\d+$/, "") === name.toLowerCase().replace(/\d+$/, "")) {
    return "is the user name";
  }
  if (COMMON.test(text)) return "is one that everybody tries first";
  const length = [...text].length;
  if (length < LENGTH_MIN) return `has ${length} characters, wanted at least ${LENGTH_MIN}`;
  if (/^\d+$/.test(text)) return "has digits only";
  if (new Set(lower).size < 4) return "has hardly any different characters";
  return undefined;
}

function anonymousOutcome({ section, authority }: AccountConfig, name: string): Outcome[] {
  if (!authority.write) return [];
  return [{
    status: "warn",
    target: `[${section}] ${name}`,
    summary: "Everybody may write, without a password",
    remedy: { text: "Let it only read", commands: ["authority = R"] },
  }];
}
