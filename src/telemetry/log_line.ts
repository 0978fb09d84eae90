import type { LogFields } from "./log.ts";

/** Visible ASCII except what delimits: the space, `"`, `=` and `\`. */
const BARE = /^[!#-<>-[\]-~]+$/;
const SECRET = /password|secret[_-]?key|token|authorization/i;
/** Control and format characters, lone surrogates, line and paragraph separators. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Longest message or value: what a peer can make longer is cut. Characters. */
const LENGTH_MAX = 4096;

/**
 * The message with whatever could end the line, steer a terminal or look like a field escaped: a message may hold names that
 * a client has chosen.
 */
export function formatMessage(message: string): string {
  return cut(message).replace(UNPRINTABLE, escape).replaceAll("=", "\\u003d");
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
  const text = cut(value);
  return BARE.test(text) ? text : JSON.stringify(text).replace(UNPRINTABLE, escape);
}

function cut(text: string): string {
  return text.length <= LENGTH_MAX
    ? text
    : `${text.slice(0, LENGTH_MAX)}... (${text.length} characters)`;
}

/** `\u` and four digits for each UTF-16 unit, as JSON has it. */
function escape(characters: string): string {
  let text = "";
  for (let index = 0; index < characters.length; index++) {
    text += `\\u${characters.charCodeAt(index).toString(16).padStart(4, "0")}`;
  }
  return text;
}
