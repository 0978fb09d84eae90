import { playCase } from "./network_case.ts";
import { IPV6_CASES } from "./ipv6_cases.ts";
import { NETWORK_CASES } from "./network_cases.ts";
import { networkTest } from "./network_test_case.ts";
import { stepsSideBySide } from "./side_by_side.ts";

networkTest(
  "doctor names what is wrong with a network; pasting what it prints mends that, and opens nothing else",
  (t) =>
    stepsSideBySide(
      t,
      [...NETWORK_CASES, ...IPV6_CASES].map((played) => ({
        name: played.name,
        play: () => playCase(played),
      })),
    ),
);
