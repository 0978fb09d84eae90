import { dirname } from "node:path";
import { secretFileKeys, sectionKind } from "../../config/keys.ts";
import type { Check, Outcome } from "../check.ts";
import { type ConfigurationSubject, fileLines } from "./configuration_subject.ts";

/** Permission bits of those who are neither the owner nor in the group. */
const OTHERS_READ = 0o004;
const OTHERS_WRITE = 0o002;
const STICKY = 0o1000;

/** Files with secrets that others on this machine may read, or put their own in place of. */
export const fileCheck: Check<ConfigurationSubject> = {
  id: "config.files",
  title: "Files with secrets are nobody else's to read or change",
  mode: "offline",
  run(subject) {
    const { file, config, problems } = subject.loaded;
    const secretFiles = fileLines(subject)
      .filter(({ section, entry: { key, value } }) =>
        namesSecrets(section, key) && !value.includes("${")
      )
      .map(({ entry }) => entry.value);
    const paths = [...new Set([...file === undefined ? [] : [file], ...secretFiles])];
    const folders = [...new Set(paths.map((path) => dirname(path)))];
    const isExposed = problems.some(({ kind, key }) => kind === "exposed" && key === undefined);
    const outcomes = [
      // The configuration file itself may hold no secret, which only its reader knows.
      ...paths.filter((path) => path !== file || isExposed)
        .flatMap((path) => fileOutcome(subject, path)),
      ...folders.flatMap((folder) => folderOutcome(subject, folder)),
      ...config?.log.toFile ? logOutcome(subject, config.log.dir) : [],
    ];
    if (outcomes.length > 0 || paths.length === 0) return outcomes;
    const count = `${paths.length} file${paths.length === 1 ? "" : "s"}`;
    return [{
      status: "pass",
      summary: `No secrets in ${count} are anybody else's to read or change`,
    }];
  },
};

function namesSecrets(section: string, key: string): boolean {
  const kind = sectionKind(section);
  return kind !== undefined && secretFileKeys(kind).includes(key.toLowerCase());
}

function fileOutcome({ stat }: ConfigurationSubject, path: string): Outcome[] {
  const mode = stat(path)?.mode ?? 0;
  const isOpen = (mode & OTHERS_READ) !== 0;
  if (!isOpen && (mode & OTHERS_WRITE) === 0) return [];
  return [{
    status: mode & OTHERS_WRITE ? "fail" : "warn",
    target: path,
    summary: `Everybody on this machine may ${mode & OTHERS_WRITE ? "change" : "read"} the file: ` +
      `mode ${octal(mode)}, wanted 0600 or 0640`,
    remedy: {
      text: "Take the right away; 0640 is for a group of cosftp's own",
      commands: [`chmod 0600 ${shellQuoted(path)}`],
    },
    data: { path, mode: octal(mode) },
  }];
}

/** Who may write into a folder can put another file in a file's place. */
function folderOutcome({ stat }: ConfigurationSubject, path: string): Outcome[] {
  const mode = stat(path)?.mode ?? 0;
  if ((mode & OTHERS_WRITE) === 0 || (mode & STICKY) !== 0) return [];
  return [{
    status: "fail",
    target: path,
    summary: `Everybody on this machine may replace the files in it: mode ${octal(mode)}`,
    remedy: { text: "Take the right away", commands: [`chmod o-w ${shellQuoted(path)}`] },
    data: { path, mode: octal(mode) },
  }];
}

function logOutcome({ stat }: ConfigurationSubject, path: string): Outcome[] {
  const facts = stat(path);
  if (!facts || facts.isDirectory) return [];
  return [{
    status: "fail",
    target: path,
    summary: "log_dir is a file, wanted a directory",
    remedy: { text: "Name a directory in log_dir; it is made where it does not exist" },
    data: { path },
  }];
}

function octal(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, "0");
}

function shellQuoted(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
