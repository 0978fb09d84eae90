import { lookup } from "node:dns/promises";
import { systemClock } from "../clock.ts";
import { listen, systemDialer } from "../net/connection.ts";
import { Libc } from "../net/libc.ts";
import type { SurveyTools } from "./target/target_survey.ts";

/** What looking at a server needs of this machine. Disposing of it lets libc go. */
export function systemTools(): SurveyTools & Disposable {
  const libc = openLibc();
  return {
    dialer: systemDialer,
    resolve: async (name) => (await lookup(name, { all: true })).map(({ address }) => address),
    listen,
    clock: systemClock,
    libc,
    [Symbol.dispose]() {
      if (libc instanceof Libc) libc[Symbol.dispose]();
    },
  };
}

function openLibc(): Libc | Error {
  try {
    return Libc.open();
  } catch (error) {
    return error as Error;
  }
}
