import { type Keys, optional } from "./key.ts";
import { cidrList, duration, integer } from "./values.ts";

const SECOND = 1_000;
const DAY = 86_400 * SECOND;

/** Rows of the key table (`keys.ts`) for the section `LOGIN`. */
export const LOGIN_KEYS = {
  guard_threshold: optional(integer({ min: 0, max: 100 }), {
    en:
      "So many failed logins of one address within guard_window ban it; the replies to those before are held " +
      "back for up to 4s. An IPv6 address counts as its /64 network. 0 is no guard.",
    zh:
      "同一地址在 guard_window 内登录失败达到此次数即被封禁，此前每次失败的应答会延迟（最多 4 秒）。" +
      "IPv6 地址按 /64 网段计算。0 表示不启用。",
    default: "10",
  }),
  guard_window: optional(duration({ min: SECOND, max: DAY }), {
    en: "For how long a failed login counts.",
    zh: "登录失败的统计时间窗口。",
    default: "10m",
  }),
  guard_ban: optional(duration({ min: SECOND, max: 30 * DAY }), {
    en: "For how long an address is banned. Sessions that are logged in go on.",
    zh: "地址被封禁的时长。已登录的会话不受影响。",
    default: "10m",
  }),
  guard_except: optional(cidrList, {
    en: "Address blocks that are never delayed, banned or counted by max_connection_per_address: " +
      "load balancers, or a NAT behind which many clients are.",
    zh:
      "不受延迟、封禁和 max_connection_per_address 限制的网段，以逗号分隔（例如负载均衡，或有大量客户端的 NAT）。",
    example: "10.0.0.0/8, 192.168.0.0/16",
  }),
  max_connection_per_address: optional(integer({ min: 0, max: 1_000_000 }), {
    en: "Control connections of one address at the same time; 0 is unlimited.",
    zh: "同一地址的最大连接数，0 表示不限制。",
    default: "128",
  }),
  max_unauthenticated_num: optional(integer({ min: 0, max: 1_000_000 }), {
    en: "Control connections at the same time that have not logged in; 0 is unlimited.",
    zh: "尚未登录的最大连接数，0 表示不限制。",
    default: "256",
  }),
} satisfies Keys;
