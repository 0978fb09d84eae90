/** The rules of a server that lets in what it must, and ICMP; the last line is what becomes of the rest. */
export function firewall(...lines: readonly string[]): string[] {
  return [
    "iptables -A INPUT -i lo -j ACCEPT",
    "iptables -A INPUT -m state --state ESTABLISHED -j ACCEPT",
    ...lines.map((line) => `iptables ${line}`),
  ];
}

export const ICMP = "-A INPUT -p icmp -j ACCEPT";
export const CONTROL = "-A INPUT -p tcp --dport 2121 -j ACCEPT";
export const PASSIVE = "-A INPUT -p tcp --dport 60000:65535 -j ACCEPT";
export const DROP = "-P INPUT DROP";
/** As CentOS installs it. */
export const REJECT = "-A INPUT -j REJECT --reject-with icmp-host-prohibited";

/** A server that keeps its rules by nft: one that is wrong, before those that let in what it must and drop the rest. */
export function nft(wrong: string): string[] {
  const right = [
    "iif lo accept",
    "ct state established,related accept",
    "meta l4proto icmp accept",
    "tcp dport '{ 2121, 60000-65535 }' accept",
  ];
  return [
    "nft add table inet filter",
    "nft add chain inet filter input '{ type filter hook input priority filter; policy drop; }'",
    ...[wrong, ...right].map((rule) => `nft add rule inet filter input ${rule}`),
  ];
}
