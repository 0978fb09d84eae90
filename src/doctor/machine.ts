import { lookup } from "node:dns/promises";
import { systemClock } from "../clock.ts";
import { listen, systemDialer } from "../net/connection.ts";
import { Libc } from "../net/libc.ts";
import type { FirewallProgram, ProgramOutput, ServerTools } from "./server/server_survey.ts";
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

/** What looking at this machine itself needs besides. */
export function serverTools(): ServerTools & Disposable {
  return {
    ...systemTools(),
    addresses: () =>
      Deno.networkInterfaces().map(({ name, address, cidr, family }) => ({
        name,
        address,
        cidr,
        version: family === "IPv4" ? 4 : 6,
      })),
    output,
  };
}

async function output(program: FirewallProgram, args: readonly string[]): Promise<ProgramOutput> {
  try {
    const result = await new Deno.Command(program, { args: [...args], stdin: "null" }).output();
    const decoder = new TextDecoder();
    const [stdout, stderr] = [decoder.decode(result.stdout), decoder.decode(result.stderr)];
    if (result.success) return { stdout, stderr };
    const message = `${program}: ${stderr.trim().split("\n")[0]}`;
    return { refusal: "not permitted", message };
  } catch (error) {
    // Those who may run only some programs are told this of one that there is not.
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable) {
      return { refusal: "not installed", message: `${program} is not installed` };
    }
    throw error;
  }
}

function openLibc(): Libc | Error {
  try {
    return Libc.open();
  } catch (error) {
    return error as Error;
  }
}
