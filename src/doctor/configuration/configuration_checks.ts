import type { Check } from "../check.ts";
import { buildCheck } from "./build_check.ts";
import { certificateCheck } from "./certificate_check.ts";
import type { ConfigurationSubject } from "./configuration_subject.ts";
import { fileCheck } from "./file_check.ts";
import { passwordCheck } from "./password_check.ts";
import { predecessorCheck } from "./predecessor_check.ts";
import { problemCheck } from "./problem_check.ts";
import { uploadCheck } from "./upload_check.ts";

/** What `cosftp validate` looks at, in its order. */
export const CONFIGURATION_CHECKS: readonly Check<ConfigurationSubject>[] = [
  problemCheck,
  buildCheck,
  uploadCheck,
  certificateCheck,
  passwordCheck,
  fileCheck,
  predecessorCheck,
];
