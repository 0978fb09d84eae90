import { InvalidArgumentError } from "commander";
import type { ValueType } from "../config/values.ts";

/** Reads a flag's value as the configuration reads a key's; what is wrong with it is a usage error. */
export function flagValue<T>(type: ValueType<T>): (text: string) => T {
  return (text) => {
    const value = type.read(text);
    if (value === undefined) throw new InvalidArgumentError(`Wanted ${type.wanted}.`);
    return value;
  };
}

/** The same for a flag that may be given several times. */
export function flagValues<T>(type: ValueType<T>): (text: string, given?: readonly T[]) => T[] {
  const read = flagValue(type);
  return (text, given = []) => [...given, read(text)];
}
