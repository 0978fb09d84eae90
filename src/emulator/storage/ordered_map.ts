const LEAF_MAX = 1024;

/**
 * Compares two strings by their UTF-8 bytes. JavaScript's own order differs where surrogate pairs (U+10000 and above) meet
 * U+E000 to U+FFFF. The strings must be well-formed.
 */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}

/** Puts surrogates above all other code units, as their code points are. */
function rank(codeUnit: number): number {
  if (codeUnit < 0xd800) return codeUnit;
  return codeUnit < 0xe000 ? codeUnit + 0x2000 : codeUnit - 0x800;
}

/** The least string that is above every string beginning with `prefix`; undefined when there is none. */
export function prefixEnd(prefix: string): string | undefined {
  const points = Array.from(prefix, (character) => character.codePointAt(0)!);
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    if (last === 0x10ffff) continue;
    const next = last === 0xd7ff ? 0xe000 : last + 1;
    return String.fromCodePoint(...points, next);
  }
  return undefined;
}

interface Leaf<V> {
  readonly keys: string[];
  readonly values: V[];
}

/**
 * A map from strings to values that is walked in the UTF-8 byte order of its keys. Looking up, inserting and finding where a
 * walk begins cost O(log n); the map is a list of sorted leaves, two levels deep, which suits some millions of keys.
 */
export class OrderedMap<V> {
  /** Never empty; the keys of each leaf are below those of the next. Only a lone leaf may have none. */
  readonly #leaves: Leaf<V>[] = [{ keys: [], values: [] }];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(key: string): V | undefined {
    const { leaf, index } = this.#find(key);
    return leaf.keys[index] === key ? leaf.values[index] : undefined;
  }

  /** @returns the value that was replaced. */
  set(key: string, value: V): V | undefined {
    const { leaf, at, index } = this.#find(key);
    if (leaf.keys[index] === key) {
      const old = leaf.values[index];
      leaf.values[index] = value;
      return old;
    }
    leaf.keys.splice(index, 0, key);
    leaf.values.splice(index, 0, value);
    this.#size++;
    if (leaf.keys.length > LEAF_MAX) {
      // Keys that arrive in order leave full leaves behind instead of half-full ones.
      const cut = index === leaf.keys.length - 1 ? LEAF_MAX : LEAF_MAX / 2;
      this.#leaves.splice(at + 1, 0, {
        keys: leaf.keys.splice(cut),
        values: leaf.values.splice(cut),
      });
    }
    return undefined;
  }

  /** @returns the value that was removed. */
  delete(key: string): V | undefined {
    const { leaf, at, index } = this.#find(key);
    if (leaf.keys[index] !== key) return undefined;
    leaf.keys.splice(index, 1);
    const [old] = leaf.values.splice(index, 1);
    this.#size--;
    if (leaf.keys.length === 0 && this.#leaves.length > 1) this.#leaves.splice(at, 1);
    return old;
  }

  /** The entries whose keys are not below `from`, in order. The map must not change during the walk. */
  *entries(from = ""): Generator<[string, V], void, void> {
    let { at, index } = this.#find(from);
    for (; at < this.#leaves.length; at++, index = 0) {
      const { keys, values } = this.#leaves[at]!;
      for (; index < keys.length; index++) yield [keys[index]!, values[index]!];
    }
  }

  /** Where `key` is, or would be inserted. */
  #find(key: string): { leaf: Leaf<V>; at: number; index: number } {
    const at = Math.max(
      0,
      lowerBound(this.#leaves.length, (i) => {
        const first = this.#leaves[i]!.keys[0];
        return first !== undefined && compareUtf8(first, key) <= 0;
      }) - 1,
    );
    const leaf = this.#leaves[at]!;
    const index = lowerBound(leaf.keys.length, (i) => compareUtf8(leaf.keys[i]!, key) < 0);
    return { leaf, at, index };
  }
}

/** How many of the indexes 0 to `length` - 1 are `below`, which holds for the first ones only. */
function lowerBound(length: number, below: (index: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (below(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
