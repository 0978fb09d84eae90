import type { ValueType } from "./values.ts";

/** What one row of the key table says besides how its value is read. */
export interface KeyDescription {
  /** The meaning, one or more sentences. */
  readonly en: string;
  /** The same in Chinese. */
  readonly zh: string;
  /** What the example file shows, where that is not the default. */
  readonly example?: string;
  /** What holds where an optional key is not given: `none` unless it says otherwise. */
  readonly otherwise?: { readonly en: string; readonly zh: string };
  /** The example shows the line as one that is wanted, although the key may be left out. @default false */
  readonly isShown?: boolean;
  /** The value is never shown. @default false */
  readonly secret?: boolean;
  /** The value may also come from the file that a key of this name and `_file` names. @default false */
  readonly fromFile?: boolean;
  /** The value is the path of a file with secrets. @default false */
  readonly namesSecrets?: boolean;
  /**
   * Values of the documents' samples that nobody means. An `error` cannot work; a `warning` can, but should not stay.
   */
  readonly placeholders?: Readonly<Record<string, "error" | "warning">>;
  /** Keys of the same section that say the same in another way: with one of them this one may not be given. */
  readonly unless?: readonly string[];
  /** Why the key, which an older configuration may have, does nothing any more. */
  readonly retired?: string;
}

/** A row of the key table: a key whose value, once read, is a `T`. */
export interface Key<T> extends KeyDescription {
  readonly type: ValueType<NonNullable<T>>;
  readonly required: boolean;
  /** What holds where the key is not given, as one would write it. */
  readonly default: string | undefined;
}

/** Keys by name. */
export type Keys = Readonly<Record<string, Key<unknown>>>;

/** What the values of `K`'s keys are once read. */
export type Values<K extends Keys> = {
  readonly [Name in keyof K]: K[Name] extends Key<infer T> ? T : never;
};

/** A key that must be given. */
export function required<T extends NonNullable<unknown>>(
  type: ValueType<T>,
  description: KeyDescription & { readonly example: string },
): Key<T> {
  return { ...description, type, required: true, default: undefined };
}

/** A key that must be given where none of the keys `unless` is. */
export function requiredUnless<T extends NonNullable<unknown>>(
  type: ValueType<T>,
  description: KeyDescription & { readonly example: string; readonly unless: readonly string[] },
): Key<T | undefined> {
  return { ...description, type, required: true, default: undefined };
}

/** A key with a default, written as in the file. */
export function optional<T extends NonNullable<unknown>>(
  type: ValueType<T>,
  description: KeyDescription & { readonly default: string },
): Key<T>;
/** A key without which there is no value. */
export function optional<T extends NonNullable<unknown>>(
  type: ValueType<T>,
  description: KeyDescription & { readonly example: string },
): Key<T | undefined>;
export function optional<T extends NonNullable<unknown>>(
  type: ValueType<T>,
  description: KeyDescription & { readonly default?: string },
): Key<T | undefined> {
  return { ...description, type, required: false, default: description.default };
}

/** A key of the predecessor that is accepted and ignored. */
export function retired(
  description: KeyDescription & { readonly retired: string },
): Key<undefined> {
  return { ...description, type: ANYTHING, required: false, default: undefined };
}

const ANYTHING: ValueType<never> = { wanted: "anything", read: () => undefined };
