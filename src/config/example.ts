import type { Key, Keys } from "./key.ts";
import { SECTIONS } from "./keys.ts";

const WIDTH = 96;

const HEADER_EN = [
  "cosftp: every section and key of its configuration.",
  "Copy this file to conf/vsftpd.conf (or /etc/cosftp/vsftpd.conf) and fill in what is not commented out; a key that " +
  'is commented out shows its default, or else an example. "cosftp validate" checks the result.',
  "Comments begin with # or ;, behind a value after a blank. A value that has one, or blanks at its ends, stands in " +
  'quotes: "pa ss #1"; the quote itself is written twice in there. ${NAME} is taken from the environment, except in ' +
  "single quotes.",
  "Sizes are bytes or 64KiB, 8MiB, 200GiB; times are seconds or 30s, 5m, 24h; switches are true or false, yes or no, " +
  "on or off, 1 or 0.",
  "An environment variable COSFTP_<SECTION>_<KEY>, such as COSFTP_NETWORK_LISTEN_PORT or " +
  "COSFTP_COS_ACCOUNT_0_COS_SECRETKEY, wins over this file, and a flag of the command line over both. Variables alone " +
  "may define an account, or everything.",
];

const HEADER_ZH = [
  "cosftp 配置文件示例，包含全部配置项。请复制为 conf/vsftpd.conf 并填写未注释的配置项，然后执行 cosftp validate 检查。",
  "被注释的配置项显示其默认值或示例。值中包含 # 或 ; 时请使用引号。${NAME} 表示读取环境变量。",
  "环境变量 COSFTP_<SECTION>_<KEY> 优先于本文件，命令行参数优先于环境变量。也可以只用环境变量进行配置。",
];

/** The text of conf/vsftpd.conf.example: what must be given stands there, what may be given is commented out. */
export function renderExample(): string {
  const header = [...HEADER_EN, ...HEADER_ZH].map(comment).join("#\n");
  const sections = Object.entries(SECTIONS).map(([name, { keys, en, zh }]) =>
    `${comment(en)}${comment(zh)}[${name === "COS_ACCOUNT" ? "COS_ACCOUNT_0" : name}]\n\n` +
    Object.entries<Keys[string]>(keys).map(([name, key]) => renderKey(name, key)).join("\n")
  );
  return [header, ...sections].join("\n\n");
}

function renderKey(name: string, key: Key<unknown>): string {
  const en = key.otherwise ? `${key.en} If not given: ${key.otherwise.en}.` : key.en;
  const zh = key.otherwise ? `${key.zh}未填写时：${key.otherwise.zh}。` : key.zh;
  const meaning = comment(en) + comment(zh);
  if (key.retired) {
    return `${meaning}${comment(`Accepted, no longer does anything: ${key.retired}.`)}` +
      `${comment("仍可填写，但不再起作用。")}#${name} =\n`;
  }
  const value = key.default ?? key.example!;
  // What must be replaced must be seen.
  const isActive = key.required || key.isShown || Object.hasOwn(key.placeholders ?? {}, value);
  const line = `${isActive ? "" : "#"}${name} = ${value}\n`;
  return `${meaning}${line}${key.fromFile ? renderFileVariant(name) : ""}`;
}

function renderFileVariant(name: string): string {
  return comment("Or, in its place, the file that holds it. 也可以改为填写保存该值的文件路径。") +
    `#${name}_file = /run/secrets/${name}\n`;
}

/** Comment lines; long ones are broken at blanks. */
function comment(text: string): string {
  const lines: string[] = [];
  let line = "#";
  for (const word of text.split(" ")) {
    if (line.length + word.length >= WIDTH && line !== "#") {
      lines.push(line);
      line = "#";
    }
    line += ` ${word}`;
  }
  return [...lines, line].map((line) => `${line}\n`).join("");
}
