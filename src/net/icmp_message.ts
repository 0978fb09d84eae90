/** An ICMP error that somebody on the way, or the destination, sent about a packet of ours. */
export interface IcmpMessage {
  readonly version: 4 | 6;
  readonly type: number;
  readonly code: number;
  /** With "fragmentation needed": what fits. Bytes. */
  readonly mtu: number | undefined;
  /** Who sent it. */
  readonly from: string | undefined;
}

/** RFC 792, RFC 1122 section 3.2.2.1, RFC 1812 section 5.2.7.1. */
const UNREACHABLE = [
  "network unreachable",
  "host unreachable",
  "protocol unreachable",
  "port unreachable",
  "fragmentation needed",
  "source route failed",
  "network unknown",
  "host unknown",
  "source host isolated",
  "network administratively prohibited",
  "host administratively prohibited",
  "network unreachable for this type of service",
  "host unreachable for this type of service",
  "communication administratively prohibited",
];

/** RFC 4443 section 3.1. */
const UNREACHABLE_6 = [
  "no route to destination",
  "administratively prohibited",
  "beyond the scope of the source address",
  "address unreachable",
  "port unreachable",
  "source address failed the policy",
  "route rejected",
];

/** `host administratively prohibited (type 3, code 10) from 192.0.2.1`. */
export function describeIcmp(message: IcmpMessage): string {
  const { version, type, code, from } = message;
  const name = version === 4
    ? type === 3 ? UNREACHABLE[code] : type === 11 ? "time exceeded" : undefined
    : type === 1
    ? UNREACHABLE_6[code]
    : type === 2
    ? "packet too big"
    : type === 3
    ? "time exceeded"
    : undefined;
  const who = from === undefined ? "" : ` from ${from}`;
  return `ICMP ${name ?? "message"} (type ${type}, code ${code})${who}`;
}

/** Whether a firewall's REJECT says so by this message, whatever the code that it was told to use. */
export function isProhibition({ version, type, code }: IcmpMessage): boolean {
  return version === 4
    ? type === 3 && [9, 10, 13].includes(code)
    : type === 1 && [1, 5, 6].includes(code);
}
