/** What the gateway is attacked with while others use it: the main ones of `tests/attacks`, without end. */
export const ATTACK_NAMES = ["silent", "slow", "telnet", "line", "garbage", "logins"] as const;
export type AttackName = typeof ATTACK_NAMES[number];

export const ATTACK_TITLES: Readonly<Record<AttackName, string>> = {
  silent: "10,000 silent connections, renewed",
  slow: "128 slow logins",
  telnet: "Telnet flood, 10 connections",
  line: "lines of 64 MiB, 10 connections",
  garbage: "pipelined garbage, 10 connections",
  logins: "wrong passwords (scrypt), 64 connections",
};
