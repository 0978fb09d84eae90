import type { Check } from "../check.ts";
import { greeting, login, tls, workingDirectory } from "./control_checks.ts";
import { dataConnections, extendedPassive, passive } from "./data_checks.ts";
import { dns, icmp, mtu, tcp } from "./network_checks.ts";
import type { TargetSurvey } from "./target_survey.ts";
import { active, list } from "./transfer_checks.ts";
import { write } from "./write_check.ts";

/** What `cosftp doctor --target` looks at, in the order in which it is told. */
export const TARGET_CHECKS: readonly Check<TargetSurvey>[] = [
  dns,
  icmp,
  mtu,
  tcp,
  greeting,
  tls,
  login,
  workingDirectory,
  passive,
  extendedPassive,
  dataConnections,
  list,
  write,
  active,
];
