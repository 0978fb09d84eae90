import { formatAddress, type SocketAddress } from "../../net/connection.ts";
import type { Check, Outcome } from "../check.ts";
import { formatRange, type PortRange, rangesOf, remedyOf, type Step, stepsData } from "../steps.ts";
import { FtpClient } from "../target/ftp_client.ts";
import type { ServerSurvey } from "./server_survey.ts";

/** How long a program on this machine may take to greet, a busy one too. Milliseconds. */
const LOCAL_TIMEOUT = 10_000;

export const listenPort: Check<ServerSurvey> = {
  id: "server.listen",
  title: "listen_port: free, or who has it",
  mode: "offline",
  async run(survey, { signal }) {
    const { listenAddress: hostname, listenPort: port } = survey.config.network;
    const where = formatAddress({ hostname, port });
    try {
      using _listener = survey.tools.listen({ hostname, port });
    } catch (error) {
      if (error instanceof Deno.errors.AddrInUse) return [await whoListens(survey, signal)];
      return [{
        status: "fail",
        summary: `Cannot listen on ${where}: ${(error as Error).message}`,
        remedy: error instanceof Deno.errors.PermissionDenied
          ? {
            text: "Ports below 1024 need root or a capability",
            commands: ["setcap cap_net_bind_service=+ep $(command -v cosftp)"],
          }
          : { text: "listen_address must be one of this machine's, or 0.0.0.0 for all of them" },
      }];
    }
    const steps: Step[] = [{ on: "the server", how: "", commands: ["cosftp serve"] }];
    return [{
      status: "warn",
      summary: `Nobody listens on ${where}: the gateway does not run, and clients are refused`,
      remedy: remedyOf("Start it", steps),
      data: { steps: stepsData(steps) },
    }];
  },
};

async function whoListens(survey: ServerSurvey, signal: AbortSignal): Promise<Outcome> {
  const { listenAddress, listenPort: port } = survey.config.network;
  const hostname = listenAddress === "0.0.0.0"
    ? "127.0.0.1"
    : listenAddress === "::"
    ? "::1"
    : listenAddress;
  const greeting = await greetingAt(survey, { address: { hostname, port }, signal });
  if (greeting?.includes("cosftp")) {
    return { status: "pass", summary: `cosftp runs on port ${port}: ${greeting}` };
  }
  return {
    status: "fail",
    summary: `Port ${port} is taken by another program` +
      (greeting === undefined
        ? ", which does not greet as FTP servers do"
        : `, which says ${greeting}`),
    remedy: {
      text: "Stop that program, or choose another listen_port",
      commands: [`ss -ltnp 'sport = :${port}'`],
    },
  };
}

async function greetingAt(
  survey: ServerSurvey,
  { address, signal }: { address: SocketAddress; signal: AbortSignal },
): Promise<string | undefined> {
  const { dialer, clock } = survey.tools;
  const patience = AbortSignal.any([signal, AbortSignal.timeout(LOCAL_TIMEOUT)]);
  try {
    const connection = await dialer.connect(address, patience);
    using client = new FtpClient(connection, { address, dialer, clock });
    return (await client.reply(patience)).lines.at(-1);
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

export const passiveRange: Check<ServerSurvey> = {
  id: "server.passive",
  title: "the passive range: free, large enough, not given to outgoing connections",
  mode: "offline",
  async run(survey, { signal }) {
    const { passivePorts: range, listenAddress: hostname } = survey.config.network;
    const size = range.last - range.first + 1;
    const taken = await takenPorts(survey, { hostname, signal });
    if (taken instanceof Error) {
      return [{
        status: "skip",
        summary: `The range cannot be looked at on ${hostname}: ${taken.message}`,
        remedy: {
          text: "listen_address must be one of this machine's; ports below 1024 need root",
        },
      }];
    }
    const outcomes: Outcome[] = [];
    if (taken.length === size) {
      return [{
        status: "fail",
        summary: `No port of ${formatRange(range)} can be listened on`,
        remedy: { text: "Other programs have them: choose another passive_port range" },
      }];
    }
    const { maxConnectionNum: sessions } = survey.config.limits;
    if (sessions > size - taken.length) {
      outcomes.push({
        status: "warn",
        summary:
          `${
            size - taken.length
          } ports for max_connection_num = ${sessions} sessions: when all of them transfer, some ` +
          "are told 425",
        remedy: { text: "Widen passive_port, in the firewalls too, or lower max_connection_num" },
      });
    }
    outcomes.push(...ephemeralOverlap(survey));
    if (taken.length > 0) outcomes.push(inUse(taken));
    if (outcomes.some(({ status }) => status !== "pass")) return outcomes;
    return [{ status: "pass", summary: `${size} ports, ${formatRange(range)}` }, ...outcomes];
  },
};

/** How many ranges of ports in use are named. */
const RANGES_NAMED = 8;

function inUse(taken: readonly number[]): Outcome {
  const ranges = rangesOf(taken);
  const more = ranges.length > RANGES_NAMED ? ", ..." : "";
  const named = ranges.slice(0, RANGES_NAMED).map(formatRange).join(", ");
  return {
    status: "pass",
    summary: `${taken.length} of them in use, which are passed over: ${named}${more}`,
    data: { ports: ranges.map(formatRange) },
  };
}

/** Ports that are tried before other checks, which wait for answers, get their turn. */
const PORTS_A_TURN = 64;

/** Which ports cannot be listened on now, which cosftp skips; or why none can. */
async function takenPorts(
  survey: ServerSurvey,
  { hostname, signal }: { hostname: string; signal: AbortSignal },
): Promise<number[] | Error> {
  const { first, last } = survey.config.network.passivePorts;
  const taken: number[] = [];
  for (let port = first; port <= last; port++) {
    if (port % PORTS_A_TURN === 0) {
      await new Promise((resolve) => setTimeout(resolve));
      signal.throwIfAborted();
    }
    try {
      survey.tools.listen({ hostname, port }).close();
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) return error as Error;
      taken.push(port);
    }
  }
  return taken;
}

/** Outgoing connections get their ports from a range of the kernel; while one has a port nobody can listen on it. */
function ephemeralOverlap(survey: ServerSurvey): Outcome[] {
  const { passivePorts: range } = survey.config.network;
  const [first = 0, last = -1] = (survey.sysctl("net.ipv4.ip_local_port_range") ?? "")
    .split(/\s+/).map(Number);
  const from = Math.max(first, range.first);
  const to = Math.min(last, range.last);
  if (from > to || isReserved(survey, { first: from, last: to })) return [];
  const left = range.last - range.first - (to - from);
  // A port that is taken is passed over, so a part that others use is no harm.
  if (left >= Math.max(survey.config.limits.maxConnectionNum, 1)) {
    return [{
      status: "pass",
      summary: `Outgoing connections of this machine use ports ${first}-${last} ` +
        `(ip_local_port_range), which leaves ${left} of the passive range to clients alone: enough`,
    }];
  }
  const steps: Step[] = [{
    on: "the server",
    how: "and in /etc/sysctl.conf",
    commands: [`sysctl -w net.ipv4.ip_local_reserved_ports=${reservedWith(survey, range)}`],
  }];
  return [{
    status: "warn",
    summary: `Outgoing connections of this machine use ports ${first}-${last}, ` +
      `which leaves ${left} of the passive range to clients alone`,
    remedy: remedyOf("Keep outgoing connections off the passive range", steps),
    data: { steps: stepsData(steps) },
  }];
}

/** What others have reserved stays. */
function reservedWith(survey: ServerSurvey, range: PortRange): string {
  const reserved = survey.sysctl("net.ipv4.ip_local_reserved_ports") ?? "";
  return [...(reserved === "" ? [] : [reserved]), formatRange(range)].join(",");
}

function isReserved(
  survey: ServerSurvey,
  { first, last }: PortRange,
): boolean {
  const reserved = survey.sysctl("net.ipv4.ip_local_reserved_ports") ?? "";
  return reserved.split(",").some((text) => {
    const [from = NaN, to = from] = text.split("-").map(Number);
    return from <= first && to >= last;
  });
}

export const openFiles: Check<ServerSurvey> = {
  id: "server.files",
  title: "the limit of open files is enough for max_connection_num",
  mode: "offline",
  run(survey) {
    const { libc } = survey.tools;
    const { maxConnectionNum: sessions, uploadThreadNum: threads } = survey.config.limits;
    if (libc instanceof Error) {
      return [{
        status: "skip",
        summary: `The limit cannot be asked for: ${libc.message}`,
        remedy: { text: "See ulimit -Hn" },
      }];
    }
    const limit = libc.openFilesMax();
    if (sessions === 0) {
      return [{
        status: "pass",
        summary: `${limit} files and sockets; max_connection_num is unlimited`,
      }];
    }
    // Control connection, data connection, the listener before it, and requests to COS.
    const needed = sessions * (3 + threads) + RESERVE;
    const summary =
      `${limit} files and sockets, ${needed} are needed for ${sessions} sessions that all transfer`;
    if (limit >= needed) return [{ status: "pass", summary }];
    return [{
      status: "warn",
      summary,
      remedy: {
        text:
          "Raise it where cosftp is started: LimitNOFILE of the systemd unit, --ulimit nofile of docker, or the shell",
        commands: [`ulimit -n ${needed}`],
      },
    }];
  },
};

/** Logs, libraries, listeners. */
const RESERVE = 100;
