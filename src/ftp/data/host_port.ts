import { ipVersion } from "../../net/cidr.ts";
import { plainAddress, type SocketAddress } from "../../net/connection.ts";

/** The argument of PORT, `h1,h2,h3,h4,p1,p2` (RFC 959 section 4.1.2). @throws SyntaxError. */
export function parseHostPort(text: string): SocketAddress {
  const fields = text.trim().split(",");
  const numbers = fields.map((field) => /^\d{1,3}$/.test(field) ? Number(field) : 256);
  if (numbers.length !== 6 || numbers.some((number) => number > 255)) {
    throw new SyntaxError("Cannot read the address: wanted h1,h2,h3,h4,p1,p2");
  }
  return {
    hostname: numbers.slice(0, 4).join("."),
    port: numbers[4]! * 256 + numbers[5]!,
  };
}

/** What 227 names. @throws RangeError for anything but an IPv4 address. */
export function formatHostPort({ hostname, port }: SocketAddress): string {
  const address = plainAddress(hostname);
  if (ipVersion(address) !== 4) throw new RangeError(`Cannot write ${hostname} as h1,h2,h3,h4`);
  return `${address.replaceAll(".", ",")},${port >> 8},${port & 255}`;
}

/**
 * The argument of EPRT, `|1|192.0.2.1|2000|` (RFC 2428 section 2), the delimiter being any printable character.
 *
 * @throws SyntaxError; RangeError for a network protocol other than 1 (IPv4) and 2 (IPv6).
 */
export function parseExtendedHostPort(text: string): SocketAddress {
  const delimiter = text[0] ?? "";
  const [start, protocol, hostname = "", port = "", end, rest] = text.split(delimiter);
  const wanted = protocol === "1" ? 4 : protocol === "2" ? 6 : undefined;
  const well = delimiter !== "" && start === "" && end === "" && rest === undefined &&
    /^\d{1,5}$/.test(port) && Number(port) <= 65_535;
  if (well && wanted === undefined) {
    throw new RangeError(`Cannot use network protocol ${protocol}: wanted 1 or 2`);
  }
  // An IPv4-mapped address counts as IPv4 to us, but a client that wrote it wrote an IPv6 address.
  const version = hostname.includes(":") ? ipVersion(hostname) && 6 : ipVersion(hostname);
  if (!well || version !== wanted) {
    throw new SyntaxError(
      "Cannot read the address: wanted |1|192.0.2.1|2000| or |2|2001:db8::1|2000|",
    );
  }
  return { hostname: plainAddress(hostname), port: Number(port) };
}
