import { type Keys, optional, requiredUnless } from "./key.ts";
import { pattern, text } from "./values.ts";

/** What brings an account's keys in place of cos_secretid and cos_secretkey. */
const KEY_SOURCES = ["cos_credentials_file", "cos_cam_role"];

/** The rows of an account's section that say where its keys of Tencent Cloud come from. */
export const CREDENTIAL_KEYS = {
  cos_secretid: requiredUnless(text("the SecretId of an API key"), {
    unless: KEY_SOURCES,
    en: "SecretId of the Tencent Cloud API key that this account works with. " +
      "Not with cos_credentials_file or cos_cam_role.",
    zh:
      "该账号使用的腾讯云 API 密钥的 SecretId。使用 cos_credentials_file 或 cos_cam_role 时不填写。",
    example: "COS_SECRETID",
    secret: true,
    placeholders: { COS_SECRETID: "error" },
  }),
  cos_secretkey: requiredUnless(text("the SecretKey of an API key"), {
    unless: KEY_SOURCES,
    en: "SecretKey of the same API key.",
    zh: "同一 API 密钥的 SecretKey。",
    example: "COS_SECRETKEY",
    secret: true,
    fromFile: true,
    placeholders: { COS_SECRETKEY: "error" },
  }),
  cos_token: optional(text("the security token of a temporary key"), {
    unless: KEY_SOURCES,
    en: "Security token, if the key is a temporary one.",
    zh: "使用临时密钥时的安全令牌（token）。",
    example: "${COS_TOKEN}",
    secret: true,
  }),
  cos_credentials_file: optional(text("a path"), {
    en:
      "A JSON file that something else keeps up to date, with SecretId, SecretKey and, for temporary " +
      "keys, Token and ExpiredTime. It is read again every 30 seconds, before the keys end, " +
      "and when COS refuses them.",
    zh:
      "由其他程序维护的 JSON 密钥文件，包含 SecretId、SecretKey，临时密钥还包含 Token 和 ExpiredTime。" +
      "每 30 秒、密钥过期前以及 COS 拒绝密钥时重新读取。",
    example: "/run/cosftp/keys.json",
    namesSecrets: true,
  }),
  cos_cam_role: optional(pattern("the name of a role", /^[\w+=,.@-]{1,128}$/), {
    unless: ["cos_credentials_file"],
    en:
      "The CAM role that is bound to this virtual machine (CVM): its temporary keys come from the " +
      "metadata service and are renewed before they end.",
    zh: "绑定到本云服务器（CVM）的 CAM 角色名称，临时密钥通过元数据服务获取并自动更新。",
    example: "cosftp-gateway",
  }),
} satisfies Keys;
