import { LOG_LEVELS } from "../telemetry/log.ts";
import { type Keys, optional, retired } from "./key.ts";
import { boolean, choice, integer, size, text } from "./values.ts";

const GIB = 1024 ** 3;

/** Rows of the key table (`keys.ts`) about the log, at the end of the section `OPTIONAL`. */
export const LOG_KEYS = {
  log_level: optional(choice(LOG_LEVELS), {
    en: "Least level that is logged: DEBUG, INFO, WARNING, ERROR or CRITICAL.",
    zh: "日志输出的级别。",
    default: "INFO",
  }),
  log_file_enabled: optional(boolean, {
    en: "Whether the log is written to log_dir/cos_v5.log, besides stderr.",
    zh: "是否将日志写入 log_dir/cos_v5.log（除标准错误输出之外）。",
    default: "true",
  }),
  log_dir: optional(text("a directory"), {
    en: "Directory of cos_v5.log; a relative one is below the working directory.",
    zh: "日志的存放目录；相对路径以当前工作目录为准。",
    default: "log",
  }),
  log_rotate_enabled: optional(boolean, {
    en: "Whether cos_v5.log is rotated.",
    zh: "是否启用日志轮转。",
    default: "true",
  }),
  log_rotate_size: optional(size({ min: 64 * 1024, max: 1024 * GIB }), {
    en: "Size at which cos_v5.log is rotated.",
    zh: "日志轮转的文件大小。",
    default: "64MiB",
  }),
  log_backup_count: optional(integer({ min: 0, max: 1_000 }), {
    en: "Rotated log files that are kept.",
    zh: "保留的历史日志文件个数。",
    default: "10",
  }),
  log_rotate_when: retired({
    en: "When the predecessor rotated its log.",
    zh: "旧版按时间轮转日志的选项。",
    retired: "the log is rotated by size, see log_rotate_size",
  }),
  config_check_enable: retired({
    en: "Whether the predecessor checked its configuration.",
    zh: "旧版是否检查配置的选项。",
    retired: "the configuration is always checked",
  }),
} satisfies Keys;
