import { type Cidr, ipVersion, parseCidr } from "../net/cidr.ts";
import type { SocketAddress } from "../net/connection.ts";

/** How the text of a value is read. */
export interface ValueType<T> {
  /** What a right value looks like, to stand behind "wanted": `a port from 1 to 65535`. */
  readonly wanted: string;
  /** Undefined when `text` is no such value. */
  read(text: string): T | undefined;
}

/** Both ends included. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

const KIB = 1024;
const SIZE_UNITS: Readonly<Record<string, number>> = {
  "": 1,
  k: KIB,
  m: KIB ** 2,
  g: KIB ** 3,
  t: KIB ** 4,
};
const TIME_UNITS: Readonly<Record<string, number>> = {
  "": 1_000,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Any text without control characters; `wanted` says what it stands for. */
export function text(wanted: string): ValueType<string> {
  return { wanted, read: (text) => text === "" || /\p{Cc}/u.test(text) ? undefined : text };
}

/** Text that must match all of `pattern`. */
export function pattern(wanted: string, pattern: RegExp): ValueType<string> {
  return { wanted, read: (text) => pattern.test(text) ? text : undefined };
}

/** A whole number. */
export function integer({ min, max }: Range): ValueType<number> {
  return {
    wanted: `a whole number from ${min} to ${max}`,
    read: (text) => /^\d+$/.test(text) ? within({ min, max }, Number(text)) : undefined,
  };
}

/** A number of bytes: `8388608`, `8MiB`, `8M`. K, M, G and T are powers of 1024, with or without `B` or `iB`. */
export function size({ min, max }: Range): ValueType<number> {
  return {
    wanted: `a size from ${formatSize(min)} to ${formatSize(max)}, such as 8MiB or 8388608`,
    read(text) {
      const match = /^(\d+)\s*([kmgt]?)(?:i?b)?$/i.exec(text);
      return match
        ? within({ min, max }, Number(match[1]) * SIZE_UNITS[match[2]!.toLowerCase()]!)
        : undefined;
    },
  };
}

/** A time in milliseconds: `30s`, `5m`, `24h`, `7d`; a number alone is seconds. The range is in milliseconds. */
export function duration({ min, max }: Range): ValueType<number> {
  return {
    wanted: `a time from ${formatDuration(min)} to ${formatDuration(max)}, such as 30s or 24h`,
    read(text) {
      const match = /^(\d+)\s*([smhd]?)$/i.exec(text);
      return match
        ? within({ min, max }, Number(match[1]) * TIME_UNITS[match[2]!.toLowerCase()]!)
        : undefined;
    },
  };
}

/** `true`, `yes`, `on`, `1` or `false`, `no`, `off`, `0`. */
export const boolean: ValueType<boolean> = {
  wanted: "true or false",
  read(text) {
    if (/^(true|yes|on|1)$/i.test(text)) return true;
    if (/^(false|no|off|0)$/i.test(text)) return false;
    return undefined;
  },
};

/** One of `choices`, in any case. */
export function choice<const T extends string>(choices: readonly T[]): ValueType<T> {
  return {
    wanted: `${choices.slice(0, -1).join(", ")} or ${choices.at(-1)}`,
    read: (text) => choices.find((choice) => choice.toLowerCase() === text.toLowerCase()),
  };
}

/** A TCP port; 0, where `min` allows it, is any free one. */
export function port(min: 0 | 1): ValueType<number> {
  return { ...integer({ min, max: 65_535 }), wanted: `a port from ${min} to 65535` };
}

/** `60000,65535` or `60000-65535`: the first and the last port. */
export const portRange: ValueType<{ readonly first: number; readonly last: number }> = {
  wanted: "the first and the last port, such as 60000-65535",
  read(text) {
    const ends = text.split(/\s*[,-]\s*/).map((end) => port(1).read(end));
    const [first, last] = ends;
    if (ends.length !== 2 || !first || !last || first > last) return undefined;
    return { first, last };
  },
};

/** A numeric IPv4 or IPv6 address. */
export const ipAddress: ValueType<string> = {
  wanted: "an IP address such as 0.0.0.0 or ::",
  read: (text) => ipVersion(text) ? text : undefined,
};

/** Address blocks between commas. */
export const cidrList: ValueType<readonly Cidr[]> = {
  wanted: "address blocks between commas, such as 10.0.0.0/8, 192.168.1.7",
  read(text) {
    try {
      return text.split(",").map((block) => parseCidr(block.trim()));
    } catch {
      return undefined;
    }
  },
};

/** An IPv4 address or a domain name: what a 227 reply can be made of. */
export const publicHost: ValueType<string> = {
  wanted: "an IPv4 address or a domain name that clients can reach",
  read: (text) =>
    text !== "0.0.0.0" && (ipVersion(text) === 4 && !text.includes(":") || isDomainName(text))
      ? text
      : undefined,
};

/** `host` or `host:port`, without a scheme or a path. */
export const endpoint: ValueType<string> = {
  wanted: "host or host:port, without http:// and without a path",
  read(text) {
    const [, host, digits] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(text) ?? [];
    if (host === undefined || (digits !== undefined && !port(1).read(digits))) return undefined;
    const numeric = host.startsWith("[") ? host.slice(1, -1) : host;
    const isHost = ipVersion(numeric) !== undefined || isDomainName(host);
    return isHost ? text : undefined;
  },
};

/** `HOST:PORT` to listen on; `localhost` is 127.0.0.1. */
export const socketAddress: ValueType<SocketAddress> = {
  wanted: "HOST:PORT with a numeric host, such as 127.0.0.1:2121 or [::]:2121",
  read(text) {
    const [, host = "", digits = ""] = /^(.*):(\d+)$/.exec(text) ?? [];
    const hostname = host === "localhost" ? "127.0.0.1" : host.replace(/^\[(.*:.*)\]$/, "$1");
    // An IPv6 address without brackets cannot be told from its port.
    if (hostname === host && host.includes(":")) return undefined;
    const number = port(0).read(digits);
    return number === undefined || !ipVersion(hostname) ? undefined : { hostname, port: number };
  },
};

/** `8MiB` where the size is a multiple of a unit, else the number of bytes. */
export function formatSize(bytes: number): string {
  const unit = ["t", "g", "m", "k"].find((unit) => bytes > 0 && bytes % SIZE_UNITS[unit]! === 0);
  return unit ? `${bytes / SIZE_UNITS[unit]!}${unit.toUpperCase()}iB` : `${bytes}`;
}

/** `30s`, `5m`, `24h`: the largest unit that divides the time. */
export function formatDuration(milliseconds: number): string {
  const unit =
    ["d", "h", "m"].find((unit) => milliseconds > 0 && milliseconds % TIME_UNITS[unit]! === 0) ??
      "s";
  return `${milliseconds / TIME_UNITS[unit]!}${unit}`;
}

function within({ min, max }: Range, value: number): number | undefined {
  return value >= min && value <= max ? value : undefined;
}

/** Letters, digits, `-` and `_` between dots; a numeric last label would be a mistyped IPv4 address. */
function isDomainName(text: string): boolean {
  return text.length <= 253 &&
    /^(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*$/i.test(text) &&
    !/(^|\.)\d+$/.test(text);
}
