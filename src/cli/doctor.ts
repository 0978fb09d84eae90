import { type Command, InvalidArgumentError, Option } from "commander";
import type { Config } from "../config/config.ts";
import { portRange } from "../config/values.ts";
import type { PortRange } from "../doctor/steps.ts";
import type { Target } from "../doctor/target/target_survey.ts";
import type { ConfigurationOptions } from "./configuration.ts";
import type { SocketAddress } from "../net/connection.ts";
import { addCheckOptions, type CheckOptions, chooseChecks, reportChecks } from "./check_command.ts";
import { ExitCode } from "./exit_code.ts";
import { flagValue } from "./flag.ts";
import { readSecret, SecretInputError } from "./secret_input.ts";
import type { Terminal } from "./terminal.ts";
import { readTrustedCertificates, TrustedCertificatesError } from "./trusted_certificates.ts";

/** What `cosftp doctor` was told. */
export interface DoctorOptions extends CheckOptions, ConfigurationOptions {
  /** `--target` */
  readonly target?: TargetUrl;
  /** `--write` */
  readonly write?: boolean;
  /** `--plain` */
  readonly plain?: boolean;
  /** `--ca` */
  readonly ca?: string;
  /** `--listen-probe` */
  readonly listenProbe?: boolean;
  /** `--probe` */
  readonly probe?: SocketAddress;
  /** `--passive-ports` */
  readonly passivePorts?: PortRange;
}

type TargetUrl = Pick<Target, "name" | "hostname" | "port" | "user"> & {
  readonly implicitTls: boolean;
  readonly namesPassword: boolean;
};

/** Adds `cosftp doctor` to the tree; `act` is called with what the command line says. */
export function addDoctor(
  program: Command,
  act: (names: string[], options: DoctorOptions) => Promise<void>,
): void {
  const command = program.command("doctor")
    .summary("find out why clients cannot connect, and how to mend it")
    .description(
      "Looks at the machine that cosftp is to run on; with --target at an FTP server, any, as its clients see it: the " +
        "password is asked for, or read from stdin or COSFTP_PASSWORD. It mends nothing, and prints what does.",
    )
    .option("--config <file>", "the configuration of the server")
    .option("--lenient", "unknown sections and keys are warnings, not errors")
    .option("--target <url>", "ftp://user@host:2121, or ftps:// for implicit TLS", targetUrl)
    .option("--write", "also upload a file, read it back and delete it")
    .option("--plain", "do not use TLS")
    .option("--ca <file>", "certificates to trust besides the machine's, PEM")
    .addOption(
      new Option("--listen-probe", "on the server: hold its passive ports for --probe, ten minutes")
        .conflicts(["target", "probe", "json", "list", "strict"]),
    )
    .addOption(
      new Option(
        "--probe <host[:port]>",
        "on a client: which passive ports of a --listen-probe can be reached",
      )
        .argParser(probedHost).conflicts("target"),
    )
    .option("--passive-ports <a-b>", "the server's passive range", flagValue(portRange));
  addCheckOptions(command).action(act);
}

/** Runs the checks and writes their report. */
export async function doctor(
  names: readonly string[],
  options: DoctorOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  if (options.target?.namesPassword) {
    // Said here and not where the URL is read: there the whole of it would be repeated.
    terminal.err(
      "cosftp doctor: Cannot use a password on the command line, where others see it: wanted it from the prompt, stdin or " +
        "COSFTP_PASSWORD\n",
    );
    return ExitCode.usage;
  }
  const misuse = misuseOf(names, options);
  if (misuse !== undefined) {
    terminal.err(`cosftp doctor: ${misuse}\n`);
    return ExitCode.usage;
  }
  const side = sideOf(options);
  if (side !== "--listen-probe" && (names.length > 0 || options.list)) {
    const { ALL_CHECKS, otherSide } = await import("./doctor_sides.ts");
    // Nothing says yet which side is meant: all of them are listed.
    if (options.list && side === undefined) {
      const listed = chooseChecks(ALL_CHECKS, { command: "doctor", names, options, terminal });
      return listed as ExitCode;
    }
    const fault = otherSide(names, side);
    if (fault !== undefined) {
      terminal.err(`cosftp doctor: ${fault}\n`);
      return ExitCode.usage;
    }
  }
  if (options.target) return await examineTarget(names, options, terminal);
  if (options.probe) {
    const { probePorts } = await import("./doctor_probe.ts");
    const guess = options.passivePorts ?? DEFAULT_NETWORK.passivePorts;
    return await probePorts(names, { ...options.probe, guess, options, terminal });
  }
  if (options.listenProbe) return await listenProbe(options, terminal);
  return await examineServer(names, options, terminal);
}

/** What `cosftp doctor` is to do; without an option it looks at this machine. */
type Side = "--target" | "--probe" | "--listen-probe" | undefined;

function sideOf({ target, probe, listenProbe }: DoctorOptions): Side {
  return target ? "--target" : probe ? "--probe" : listenProbe ? "--listen-probe" : undefined;
}

/** What would be ignored of a command line. */
function misuseOf(names: readonly string[], options: DoctorOptions): string | undefined {
  const side = sideOf(options);
  const outside = ["--target", "--probe", "--listen-probe"] as const;
  const uses: readonly (readonly [flag: string, value: unknown, sides: readonly Side[]])[] = [
    ["--write", options.write, ["--target"]],
    ["--plain", options.plain, ["--target"]],
    ["--ca", options.ca, ["--target"]],
    ["--passive-ports", options.passivePorts, outside],
    ["--config", options.config, [undefined, "--listen-probe"]],
    ["--lenient", options.lenient, [undefined, "--listen-probe"]],
  ];
  const [flag, , sides] =
    uses.find(([, value, sides]) => value !== undefined && !sides.includes(side)) ?? [];
  if (sides?.includes(undefined)) {
    return `Cannot use ${flag} with ${side}: it goes by no configuration`;
  }
  if (sides) return `Cannot use ${flag}: wanted ${sides.join(" or ")} with it`;
  if (options.plain && options.target?.implicitTls) {
    return "Cannot use --plain with ftps://: wanted ftp://";
  }
  if (options.plain && options.ca !== undefined) {
    return "Cannot use --ca with --plain: without TLS there is no certificate";
  }
  if (options.listenProbe && options.passivePorts && (options.config || options.lenient)) {
    return "Cannot use --passive-ports with a configuration: wanted one of them";
  }
  if (options.listenProbe && names.length > 0) {
    return `Cannot run ${names.join(", ")} with --listen-probe: it runs no checks`;
  }
}

const DEFAULT_NETWORK = {
  listenAddress: "0.0.0.0",
  listenPort: 2121,
  passivePorts: { first: 60_000, last: 65_535 },
};

/** With `--passive-ports` no configuration is needed. */
async function listenProbe(options: DoctorOptions, terminal: Terminal): Promise<ExitCode> {
  const { listenForProbes } = await import("./doctor_probe.ts");
  const { passivePorts } = options;
  if (passivePorts) return await listenForProbes({ ...DEFAULT_NETWORK, passivePorts }, terminal);
  const config = await readConfiguration(options, terminal);
  if (typeof config !== "object") return config;
  return await listenForProbes(config.network, terminal);
}

/** @returns an exit code where it cannot be used, which has been said. */
async function readConfiguration(
  options: DoctorOptions,
  terminal: Terminal,
): Promise<Config | ExitCode> {
  const { loadConfiguration } = await import("./configuration.ts");
  const { refuseConfiguration } = await import("./refuse_configuration.ts");
  const loaded = loadConfiguration({ config: options.config, lenient: options.lenient }, terminal);
  return loaded.config ??
    await refuseConfiguration(loaded, { command: "doctor", options, terminal });
}

async function examineServer(
  names: readonly string[],
  options: DoctorOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const { SERVER_CHECKS } = await import("../doctor/server/server_checks.ts");
  const checks = chooseChecks(SERVER_CHECKS, { command: "doctor", names, options, terminal });
  if (!Array.isArray(checks)) return checks;
  const config = await readConfiguration(options, terminal);
  if (typeof config !== "object") return config;
  const { bucketHosts } = await import("../app/diagnose.ts");
  const { ServerSurvey } = await import("../doctor/server/server_survey.ts");
  const { serverTools } = await import("../doctor/machine.ts");
  const { proxySettings } = await import("../net/http_proxy.ts");
  using tools = serverTools();
  const buckets = bucketHosts(config, proxySettings(terminal.env));
  return await reportChecks({
    command: "doctor",
    checks,
    subjects: [{
      name: "this machine",
      subject: new ServerSurvey(config, { tools, buckets }),
    }],
    modes: ["offline", "online"],
    options,
    terminal,
  });
}

async function examineTarget(
  names: readonly string[],
  options: DoctorOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const { TARGET_CHECKS } = await import("../doctor/target/target_checks.ts");
  const checks = chooseChecks(TARGET_CHECKS, { command: "doctor", names, options, terminal });
  if (!Array.isArray(checks)) return checks;
  let target: Target;
  try {
    target = await readTarget(options, terminal);
  } catch (error) {
    const isSecret = error instanceof SecretInputError;
    if (!isSecret && !(error instanceof TrustedCertificatesError)) throw error;
    const what = isSecret ? `Cannot use the password of ${options.target!.user}: ` : "";
    terminal.err(`cosftp doctor: ${what}${error.message}\n`);
    return ExitCode.usage;
  }
  const { TargetSurvey } = await import("../doctor/target/target_survey.ts");
  const { systemTools } = await import("../doctor/machine.ts");
  using tools = systemTools();
  using survey = new TargetSurvey(target, tools);
  return await reportChecks({
    command: "doctor",
    checks,
    subjects: [{ name: target.name, subject: survey }],
    modes: options.write ? ["offline", "online", "write"] : ["offline", "online"],
    options,
    terminal,
  });
}

async function readTarget(options: DoctorOptions, terminal: Terminal): Promise<Target> {
  const { implicitTls, namesPassword: _, ...url } = options.target!;
  // First: nobody types a password in vain.
  const trusted = options.ca === undefined ? [] : [readTrustedCertificates(options.ca)];
  return {
    ...url,
    password: await readPassword(url.user, terminal),
    tls: implicitTls ? "implicit" : options.plain ? "never" : "wanted",
    trusted,
    passivePorts: options.passivePorts,
  };
}

async function readPassword(user: string, terminal: Terminal): Promise<string> {
  const given = terminal.env.get("COSFTP_PASSWORD");
  if (given !== undefined) return given;
  // RFC 1635: any password will do, an address is polite.
  if (user === ANONYMOUS) return "cosftp-doctor@";
  return await readSecret(terminal, { name: `Password of ${user}`, typed: "once" });
}

const ANONYMOUS = "anonymous";

function targetUrl(text: string): TargetUrl {
  const url = URL.parse(/^\w+:\/\//.test(text) ? text : `ftp://${text}`);
  const scheme = url?.protocol;
  if (!url || url.hostname === "" || (scheme !== "ftp:" && scheme !== "ftps:")) {
    throw new InvalidArgumentError("Wanted ftp://user@host:2121.");
  }
  const user = url.username === "" ? ANONYMOUS : decodeURIComponent(url.username);
  const port = url.port === "" ? scheme === "ftps:" ? 990 : 21 : Number(url.port);
  const hostname = url.hostname.replace(/^\[(.*)\]$/, "$1");
  return {
    name: `${scheme}//${user}@${url.hostname}:${port}`,
    hostname,
    port,
    user,
    implicitTls: scheme === "ftps:",
    namesPassword: url.password !== "",
  };
}

function probedHost(text: string): SocketAddress {
  const url = URL.parse(`ftp://${text}`);
  if (!url || url.hostname === "" || url.username !== "" || !["", "/"].includes(url.pathname)) {
    throw new InvalidArgumentError("Wanted a host, or host:port with the server's listen_port.");
  }
  const port = url.port === "" ? DEFAULT_NETWORK.listenPort : Number(url.port);
  return { hostname: url.hostname.replace(/^\[(.*)\]$/, "$1"), port };
}
