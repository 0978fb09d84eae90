import type { Check } from "../check.ts";
import { control, icmp, passive, rules } from "../firewall/firewall_checks.ts";
import { interfaces, ipv6, masquerade } from "./address_checks.ts";
import { bucketLatency } from "./endpoint_check.ts";
import { hairpin, icmpEcho, pathMtu } from "./path_checks.ts";
import { listenPort, openFiles, passiveRange } from "./port_checks.ts";
import type { ServerSurvey } from "./server_survey.ts";

/** What `cosftp doctor` looks at on the machine that cosftp is to run on, in the order in which it is told. */
export const SERVER_CHECKS: readonly Check<ServerSurvey>[] = [
  interfaces,
  masquerade,
  ipv6,
  listenPort,
  passiveRange,
  openFiles,
  rules,
  control,
  passive,
  icmp,
  icmpEcho,
  pathMtu,
  bucketLatency,
  hairpin,
];
