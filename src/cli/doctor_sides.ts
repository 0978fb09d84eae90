import { type Check, isMeant } from "../doctor/check.ts";
import { PROBE_CHECKS } from "../doctor/probe/probe_checks.ts";
import { SERVER_CHECKS } from "../doctor/server/server_checks.ts";
import { TARGET_CHECKS } from "../doctor/target/target_checks.ts";

/** The option that decides what `cosftp doctor` looks at; without one it is the machine it runs on. */
export type SideOption = "--target" | "--probe" | undefined;

/** What is known of a check without running it. */
type Named = Pick<Check<never>, "id" | "needs" | "title" | "mode" | "run">;

const SIDES: readonly { readonly option: SideOption; readonly checks: readonly Named[] }[] = [
  { option: undefined, checks: SERVER_CHECKS },
  { option: "--target", checks: TARGET_CHECKS },
  { option: "--probe", checks: PROBE_CHECKS },
];

/** The checks of all sides, to be listed: no subject fits them all. */
export const ALL_CHECKS: readonly Named[] = SIDES.flatMap(({ checks }) => checks);

/** Why a check that is asked for by name cannot be run: it is another side's. */
export function otherSide(names: readonly string[], option: SideOption): string | undefined {
  for (const name of names) {
    const sides = SIDES.filter(({ checks }) => checks.some(({ id }) => isMeant(id, name)));
    if (sides.length === 0 || sides.some((side) => side.option === option)) continue;
    const wanted = sides.map((side) => side.option ?? `no ${option}`).join(" or ");
    return `Cannot select ${JSON.stringify(name)}: wanted ${wanted} with it`;
  }
}
