import { sleep } from "../clock.ts";
import type { PortRange } from "../doctor/steps.ts";
import { Libc } from "../net/libc.ts";
import { type CheckOptions, chooseChecks, reportChecks } from "./check_command.ts";
import { ExitCode } from "./exit_code.ts";
import type { Terminal } from "./terminal.ts";

/** How long ports are held. Milliseconds. */
const HOLD_TIME = 10 * 60_000;

/** What `--probe` and `--listen-probe` take of a configuration. */
export interface ProbedNetwork {
  readonly listenAddress: string;
  readonly listenPort: number;
  readonly passivePorts: PortRange;
}

/** Holds the free ports of the passive range until time is up or Ctrl-C is pressed. */
export async function listenForProbes(
  { listenAddress, listenPort, passivePorts }: ProbedNetwork,
  terminal: Terminal,
): Promise<ExitCode> {
  const { PortHolder } = await import("../doctor/probe/port_holder.ts");
  const { formatRange } = await import("../doctor/steps.ts");
  const { systemTools } = await import("../doctor/machine.ts");
  const { interrupted } = terminal;
  using tools = systemTools();
  // Each port that is held is an open file.
  if (tools.libc instanceof Libc) tools.libc.raiseOpenFilesMax();
  const besideGateway = isTaken(() => tools.listen({ hostname: listenAddress, port: listenPort }));
  let holder: InstanceType<typeof PortHolder>;
  try {
    holder = new PortHolder({
      listen: tools.listen,
      hostname: listenAddress,
      range: passivePorts,
      besideGateway,
      also: [listenPort],
    });
  } catch (error) {
    terminal.err(`cosftp doctor: ${(error as Error).message}\n`);
    return ExitCode.failed;
  }
  using _holder = holder;
  const size = passivePorts.last - passivePorts.first + 1;
  const others = besideGateway ? ", the others are in use or left to the gateway that runs" : "";
  terminal.out(
    `Holding ${holder.held.size} of ${size} ports, ${formatRange(passivePorts)}${others}.\n` +
      "Run cosftp doctor --probe HOST on a client now. It ends after 10 minutes, or by Ctrl-C.\n",
  );
  if (holder.held.size === 0) return ExitCode.failed;
  await sleep(tools.clock, HOLD_TIME, interrupted).catch(() => {});
  terminal.out(`${holder.reached} ports were reached.\n`);
  return ExitCode.ok;
}

/** Whether something listens there already. */
function isTaken(listen: () => Disposable): boolean {
  try {
    using _listener = listen();
    return false;
  } catch (error) {
    return error instanceof Deno.errors.AddrInUse;
  }
}

/** Asks all ports that a `--listen-probe` at `hostname` holds, and draws them. */
export async function probePorts(
  names: readonly string[],
  { hostname, port, guess, options, terminal }: {
    hostname: string;
    /** The server's listen_port. */
    port: number;
    guess: PortRange;
    options: CheckOptions;
    terminal: Terminal;
  },
): Promise<ExitCode> {
  const { PROBE_CHECKS } = await import("../doctor/probe/probe_checks.ts");
  const checks = chooseChecks(PROBE_CHECKS, { command: "doctor", names, options, terminal });
  if (!Array.isArray(checks)) return checks;
  const { PortSurvey } = await import("../doctor/probe/port_survey.ts");
  const { drawPortMap } = await import("../doctor/probe/port_map.ts");
  const { systemTools } = await import("../doctor/machine.ts");
  using tools = systemTools();
  const survey = new PortSurvey({ hostname, port, guess, tools });
  return await reportChecks({
    command: "doctor",
    checks,
    subjects: [{ name: hostname, subject: survey }],
    modes: ["offline", "online"],
    options,
    terminal,
    preface: () => survey.states.size === 0 ? "" : `${drawPortMap(survey.states)}\n`,
  });
}
