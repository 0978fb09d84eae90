/** A block of IP addresses. */
export interface Cidr {
  /** As it was written. */
  readonly text: string;
  readonly version: 4 | 6;
  readonly network: bigint;
  readonly prefixLength: number;
}

/**
 * Reads `192.0.2.0/24`, `2001:db8::/32` or a single address.
 *
 * @throws SyntaxError that says what is wrong.
 */
export function parseCidr(text: string): Cidr {
  const [address = "", length, rest] = text.split("/");
  const parsed = parseIp(address);
  if (!parsed || rest !== undefined) {
    throw new SyntaxError(`Cannot read "${text}" as an address block: wanted 192.0.2.0/24`);
  }
  const bits = parsed.version === 4 ? 32 : 128;
  const prefixLength = length === undefined ? bits : Number(length);
  if (length !== undefined && (!/^\d{1,3}$/.test(length) || prefixLength > bits)) {
    throw new SyntaxError(
      `Cannot read "${text}" as an address block: the prefix length must be 0 to ${bits}`,
    );
  }
  const shift = BigInt(bits - prefixLength);
  return {
    text,
    version: parsed.version,
    network: (parsed.value >> shift) << shift,
    prefixLength,
  };
}

/** Whether the numeric IP address `hostname` lies in `block`. IPv4-mapped IPv6 addresses count as IPv4. */
export function cidrContains(block: Cidr, hostname: string): boolean {
  const address = parseIp(hostname);
  if (!address || address.version !== block.version) return false;
  const shift = BigInt((block.version === 4 ? 32 : 128) - block.prefixLength);
  return (address.value >> shift) << shift === block.network;
}

/** Whether two numeric IP addresses are the same, however each is written. */
export function sameAddress(a: string, b: string): boolean {
  const [first, second] = [parseIp(a), parseIp(b)];
  return first !== undefined && first.version === second?.version && first.value === second.value;
}

/** The IP version of a numeric address, or undefined for anything else (a host name). */
export function ipVersion(hostname: string): 4 | 6 | undefined {
  return parseIp(hostname)?.version;
}

function parseIp(text: string): { version: 4 | 6; value: bigint } | undefined {
  const v4 = parseIpv4(text);
  if (v4 !== undefined) return { version: 4, value: v4 };
  const v6 = parseIpv6(text.replace(/%.*$/, ""));
  if (v6 === undefined) return undefined;
  return v6 >> 32n === 0xffffn
    ? { version: 4, value: v6 & 0xffffffffn }
    : { version: 6, value: v6 };
}

function parseIpv4(text: string): bigint | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (!match) return undefined;
  const octets = match.slice(1).map(Number);
  if (octets.some((octet) => octet > 255)) return undefined;
  return octets.reduce((value, octet) => (value << 8n) | BigInt(octet), 0n);
}

function parseIpv6(text: string): bigint | undefined {
  if (!text.includes(":")) return undefined;
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  let source = text;
  if (dotted) {
    const tail = parseIpv4(dotted[2]!);
    if (tail === undefined) return undefined;
    source = `${dotted[1]}${(tail >> 16n).toString(16)}:${(tail & 0xffffn).toString(16)}`;
  }
  const halves = source.split("::");
  if (halves.length > 2) return undefined;
  const groups = halves.map((half) => half === "" ? [] : half.split(":"));
  const head = groups[0]!;
  const tail = groups[1];
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const all = [...head, ...Array<string>(missing).fill("0"), ...(tail ?? [])];
  if (!all.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  return all.reduce((value, group) => (value << 16n) | BigInt(parseInt(group, 16)), 0n);
}

/**
 * What counts as one client: an IPv4 address, or the /64 network of an IPv6 address, all of whose addresses one machine can
 * take. Anything else stands for itself.
 */
export function clientNetwork(hostname: string): string {
  const address = parseIp(hostname);
  if (!address) return hostname;
  const { version, value } = address;
  if (version === 4) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join(".");
  const groups = [112n, 96n, 80n, 64n].map((shift) => ((value >> shift) & 0xffffn).toString(16));
  return `${groups.join(":")}::/64`;
}
