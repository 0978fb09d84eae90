import type { LogFields } from "./log.ts";

/** Visible ASCII except what delimits: the space, `"`, `=` and `\`. */
const BARE = /^[!#-<>-[\]-~]+$/;
const SECRET = /password|secret[_-]?key|token|authorization/i;
/** Control and format characters, lone surrogates, line and paragraph separators. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** The message with whatever could end the line or steer a terminal escaped. */
export function formatMessage(message: string): string {
  return message.replace(UNPRINTABLE, escape);
}

/** ` key=value` for every field that is not undefined. */
export function formatFields(fields: LogFields | undefined): string {
  let text = "";
  for (const name in fields) {
    const value = fields[name];
    if (value === undefined) continue;
    text += ` ${name}=${SECRET.test(name) ? "<redacted>" : formatValue(value)}`;
  }
  return text;
}

function formatValue(value: string | number | bigint | boolean): string {
  if (typeof value !== "string") return String(value);
  return BARE.test(value) ? value : JSON.stringify(value).replace(UNPRINTABLE, escape);
}

/** `\u` and four digits for each UTF-16 unit, as JSON has it. */
function escape(characters: string): string {
  let text = "";
  for (let index = 0; index < characters.length; index++) {
    text += `\\u${characters.charCodeAt(index).toString(16).padStart(4, "0")}`;
  }
  return text;
}
