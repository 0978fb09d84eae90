import { NETWORK_CASES, playCase } from "./network_cases.ts";
import { networkTest } from "./network_test_case.ts";
import { stepsSideBySide } from "./side_by_side.ts";

networkTest(
  "doctor names what is wrong with a network; pasting what it prints mends that, and opens nothing else",
  (t) =>
    stepsSideBySide(
      t,
      NETWORK_CASES.map((played) => ({ name: played.name, play: () => playCase(played) })),
    ),
);
