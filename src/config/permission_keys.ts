import { type Keys, optional } from "./key.ts";
import { PART_COUNT_MAX, PART_SIZE_MAX } from "./part_limits.ts";
import { boolean, cidrList, integer, size } from "./values.ts";

const KIB = 1024;
const TIB = 1024 ** 4;

/** The rows of an account's section that say what it may do besides `authority` and `delete_enable`. */
export const PERMISSION_KEYS = {
  overwrite_enable: optional(boolean, {
    en:
      "Whether files that exist may be replaced. With false an upload, APPE or rename onto a file " +
      "that exists is refused.",
    zh: "是否允许覆盖已有文件。为 false 时，上传、追加（APPE）或重命名到已有文件均被拒绝。",
    default: "true",
  }),
  rename_enable: optional(boolean, {
    en: "Whether the account may rename.",
    zh: "是否允许该用户重命名。",
    default: "true",
  }),
  single_file_max_size: optional(size({ min: 1, max: PART_COUNT_MAX * PART_SIZE_MAX }), {
    en: "Largest file that the account may upload.",
    zh: "该用户可上传的单文件大小上限。",
    example: "1GiB",
    otherwise: {
      en: "single_file_max_size of [FILE_OPTION]",
      zh: "[FILE_OPTION] 的 single_file_max_size",
    },
  }),
  max_sessions: optional(integer({ min: 1, max: 1_000_000 }), {
    en: "Sessions of the account at the same time.",
    zh: "该用户允许同时登录的会话数。",
    example: "10",
    otherwise: { en: "as many as max_login_num allows", zh: "以 max_login_num 为准" },
  }),
  upload_rate: optional(size({ min: KIB, max: TIB }), {
    en: "Bytes a second that all uploads of the account may take together.",
    zh: "该用户所有上传任务的总速率上限（字节/秒）。",
    example: "10MiB",
    otherwise: { en: "no limit", zh: "不限制" },
  }),
  download_rate: optional(size({ min: KIB, max: TIB }), {
    en: "Bytes a second that all downloads and listings of the account may take together.",
    zh: "该用户所有下载任务（含目录列表）的总速率上限（字节/秒）。",
    example: "10MiB",
    otherwise: { en: "no limit", zh: "不限制" },
  }),
  allow_from: optional(cidrList, {
    en:
      "Address blocks from which the account may log in. From elsewhere the right password is as " +
      "good as a wrong one.",
    zh: "允许该用户登录的来源网段，以逗号分隔。来自其他地址的登录按密码错误处理。",
    example: "192.0.2.0/24, 2001:db8::/32",
    otherwise: { en: "anywhere", zh: "不限制" },
  }),
} satisfies Keys;
