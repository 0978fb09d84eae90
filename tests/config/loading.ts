import assert from "node:assert/strict";
import type { AccountConfig, Config, CredentialsConfig } from "../../src/config/config.ts";
import { load, type Loaded, type LoadOptions } from "../../src/config/load.ts";
import type { Problem } from "../../src/config/problem.ts";

const GIB = 1024 ** 3;

/** Files that exist only for one test, by path. */
export type Files = Readonly<Record<string, string | Uint8Array<ArrayBuffer>>>;

/** Loads a configuration from `files` and nothing else of this machine, whose memory is 16 GiB. */
export function loadFiles(files: Files, options: Partial<LoadOptions> = {}): Loaded {
  return load({
    env: {},
    machineMemory: 16 * GIB,
    readFile(path) {
      const content = files[path];
      if (content === undefined) {
        throw new Deno.errors.NotFound(
          `No such file or directory (os error 2): readfile '${path}'`,
        );
      }
      return typeof content === "string" ? new TextEncoder().encode(content) : content;
    },
    ...options,
  });
}

/** Loads one configuration file, `vsftpd.conf`, and what else it names. */
export function loadText(
  text: string,
  { files, ...options }: Partial<LoadOptions> & { files?: Files } = {},
): Loaded {
  return loadFiles({ ...files, "vsftpd.conf": text }, { path: "vsftpd.conf", ...options });
}

/** The configuration of a load that must succeed; fails with all problems where it did not. */
export function configOf({ config, problems }: Loaded): Config {
  assert.ok(config, problems.map(({ message }) => message).join("\n"));
  return config;
}

/** The first account of a load that must succeed. */
export function accountOf(loaded: Loaded): AccountConfig {
  return configOf(loaded).accounts[0]!;
}

/** The keys of an account that has them from the configuration. */
export function keysOf({ credentials }: AccountConfig): CredentialsConfig & {
  from: "configuration";
} {
  assert.ok(credentials.from === "configuration", credentials.from);
  return credentials;
}

/** The only problem of a load that must have exactly one. */
export function onlyProblem({ problems }: Loaded): Problem {
  assert.equal(problems.length, 1, problems.map(({ message }) => message).join("\n"));
  return problems[0]!;
}

/** A complete account, to put other lines around. `extra` lines go to its end. */
export function accountText(number = 0, ...extra: string[]): string {
  return [
    `[COS_ACCOUNT_${number}]`,
    `cos_secretid = AKIDexample${number}`,
    `cos_secretkey = a-secret-key-${number}`,
    "cos_bucket = photos-1250000001",
    "cos_region = ap-guangzhou",
    `ftp_login_user_name = alice${number}`,
    `ftp_login_user_password = correct-horse-${number}`,
    ...extra,
    "",
  ].join("\n");
}
