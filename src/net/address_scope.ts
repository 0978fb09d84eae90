import { type Cidr, cidrContains, parseCidr } from "./cidr.ts";

/** How far an address can be reached from (IANA's registries of special-purpose addresses). */
export type AddressScope =
  | "public"
  | "private"
  | "carrier-grade NAT"
  | "loopback"
  | "link-local"
  | "multicast"
  | "benchmarking"
  | "documentation"
  | "reserved"
  | "unspecified";

const SCOPES: readonly (readonly [AddressScope, readonly Cidr[]])[] = ([
  ["unspecified", ["0.0.0.0/8", "::"]],
  ["loopback", ["127.0.0.0/8", "::1"]],
  ["link-local", ["169.254.0.0/16", "fe80::/10"]],
  ["private", ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"]],
  ["carrier-grade NAT", ["100.64.0.0/10"]],
  ["multicast", ["224.0.0.0/4", "ff00::/8"]],
  ["benchmarking", ["198.18.0.0/15", "2001:2::/48"]],
  ["documentation", [
    "192.0.2.0/24",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "2001:db8::/32",
    "3fff::/20",
  ]],
  ["reserved", ["240.0.0.0/4"]],
] as const).map(([scope, blocks]) => [scope, blocks.map(parseCidr)]);

/** The scope of a numeric address. */
export function addressScope(address: string): AddressScope {
  const found = SCOPES.find(([, blocks]) => blocks.some((block) => cidrContains(block, address)));
  return found?.[0] ?? "public";
}
