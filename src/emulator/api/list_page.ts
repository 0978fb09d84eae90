import type { StoredObject } from "../storage/change.ts";
import { compareUtf8, prefixEnd } from "../storage/ordered_map.ts";
import type { Bucket } from "../storage/storage.ts";

export interface Page {
  readonly objects: readonly StoredObject[];
  readonly prefixes: readonly string[];
  /** The last name of the page, where more follow. */
  readonly nextMarker: string | undefined;
}

/**
 * Walks the keys after `marker` that begin with `prefix`. Keys in which `delimiter` follows the prefix are folded into one
 * common prefix, over which the walk jumps, so that a page costs what is in it. A marker that is a common prefix stands for
 * all that is folded into it.
 */
export function listPage(
  { objects }: Bucket,
  { prefix, delimiter, marker, maxKeys }: {
    prefix: string;
    delimiter: string;
    marker: string;
    maxKeys: number;
  },
): Page {
  const found: StoredObject[] = [];
  const prefixes: string[] = [];
  let last: string | undefined;
  let from: string | undefined = prefix;
  if (marker !== "") {
    const folded = delimiter !== "" && marker === commonPrefix(marker, { prefix, delimiter });
    const after = folded ? prefixEnd(marker) : `${marker}\0`;
    if (after === undefined || compareUtf8(after, prefix) > 0) from = after;
  }
  while (from !== undefined && maxKeys > 0) {
    let jump: string | undefined;
    for (const [key, object] of objects.entries(from)) {
      if (!key.startsWith(prefix)) break;
      if (found.length + prefixes.length === maxKeys) {
        return { objects: found, prefixes, nextMarker: last };
      }
      const common = delimiter === "" ? undefined : commonPrefix(key, { prefix, delimiter });
      last = common ?? key;
      if (common === undefined) found.push(object);
      else {
        prefixes.push(common);
        jump = prefixEnd(common);
        break;
      }
    }
    from = jump;
  }
  return { objects: found, prefixes, nextMarker: undefined };
}

/** `key` up to and including the first delimiter after the prefix. */
function commonPrefix(
  key: string,
  { prefix, delimiter }: { prefix: string; delimiter: string },
): string | undefined {
  if (!key.startsWith(prefix)) return undefined;
  const at = key.indexOf(delimiter, prefix.length);
  return at < 0 ? undefined : key.slice(0, at + delimiter.length);
}
