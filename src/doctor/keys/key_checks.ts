import type { Check } from "../check.ts";
import type { AccountSubject } from "./account_subject.ts";
import { ENDPOINT_CHECKS } from "./endpoint_checks.ts";
import { IDENTITY_CHECKS } from "./identity_checks.ts";
import { READ_CHECKS } from "./read_checks.ts";
import { WRITE_CHECKS } from "./write_checks.ts";

/** What `cosftp check-keys` looks at for each account, in its order. */
export const KEY_CHECKS: readonly Check<AccountSubject>[] = [
  ...ENDPOINT_CHECKS,
  ...IDENTITY_CHECKS,
  ...READ_CHECKS,
  ...WRITE_CHECKS,
];
