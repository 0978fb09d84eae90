import { authority, region } from "./cos_values.ts";
import { type Keys, optional } from "./key.ts";
import { boolean, choice, cidrList, duration, endpoint, integer } from "./values.ts";

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
  cos_key_login: optional(boolean, {
    en:
      "Whether keys of Tencent Cloud are a login: the user name is SecretId/BucketName-APPID, the password " +
      "the SecretKey. COS is asked whether they may list that bucket. The keys below are for these logins.",
    zh: "是否允许使用腾讯云密钥登录：用户名为 SecretId/BucketName-APPID，密码为 SecretKey，" +
      "由 COS 校验是否有权列出该存储桶。以下配置项仅用于此类登录。",
    default: "false",
  }),
  cos_region: optional(region, {
    en: "Region of these buckets. Needed for cos_key_login unless cos_endpoint is given.",
    zh: "此类存储桶所在地域。启用 cos_key_login 且未填写 cos_endpoint 时必填。",
    example: "ap-guangzhou",
  }),
  cos_endpoint: optional(endpoint, {
    en: "Their endpoint, host or host:port, as in [COS_ACCOUNT_*].",
    zh: "此类存储桶的 endpoint，含义与 [COS_ACCOUNT_*] 相同。",
    example: "127.0.0.1:9000",
  }),
  cos_protocol: optional(choice(["https", "http"]), {
    en: "How COS is spoken to: https or http.",
    zh: "访问 COS 的协议：https 或 http。",
    default: "https",
  }),
  cos_network: optional(choice(["auto", "internal", "public"]), {
    en:
      "Which of the region's endpoints is used: internal, public, or auto for the nearer one that " +
      "answers, which takes up to 2s at a login.",
    zh:
      "访问 COS 的网络：internal（内网）、public（公网）或 auto（自动选择，登录时最多多用 2 秒）。",
    default: "public",
  }),
  authority: optional(authority, {
    en: "What these logins may do, if their keys may: R reads, W writes, RW both.",
    zh: "此类登录的读写权限（同时受密钥权限限制）：R 表示读，W 表示写，RW 表示读和写。",
    default: "RW",
  }),
  delete_enable: optional(boolean, {
    en: "Whether these logins may delete.",
    zh: "是否允许此类登录进行删除操作。",
    default: "true",
  }),
} satisfies Keys;
