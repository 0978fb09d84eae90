import { type Command, Option } from "commander";
import type { Override } from "../config/settings.ts";
import { choice, portRange, socketAddress } from "../config/values.ts";
import type { SocketAddress } from "../net/connection.ts";
import { LOG_LEVELS, type LogLevel } from "../telemetry/log.ts";
import type { ConfigurationOptions } from "./configuration.ts";
import { ExitCode } from "./exit_code.ts";
import { flagValue } from "./flag.ts";
import type { Terminal } from "./terminal.ts";

/** What `cosftp serve` was told. */
export interface ServeOptions extends ConfigurationOptions {
  /** `--listen` */
  readonly listen?: SocketAddress;
  /** `--passive-ports` */
  readonly passivePorts?: { readonly first: number; readonly last: number };
  /** `--log-level` */
  readonly logLevel?: LogLevel;
  /** `--demo` */
  readonly demo?: boolean;
  /** `--demo-dir` */
  readonly demoDir?: string;
  /** `--tls` */
  readonly tls?: boolean;
}

/** Adds `cosftp serve` to the tree; `act` is called with what the command line says. */
export function addServe(program: Command, act: (options: ServeOptions) => Promise<void>): void {
  const configured = ["config", "lenient", "strict"];
  program.command("serve")
    .summary("run the FTP gateway")
    .description(
      "Runs the gateway until SIGINT or SIGTERM; running transfers may then end, and a second signal stops at once.\n" +
        "The configuration is --config, else $COSFTP_CONFIG, ./conf/vsftpd.conf, /etc/cosftp/vsftpd.conf.",
    )
    .option("--config <file>", "the configuration file")
    .option("--lenient", "start in spite of unknown sections and keys")
    .addOption(new Option("--strict", "do not start in spite of a warning").conflicts("lenient"))
    .option("--listen <host:port>", "where FTP clients are awaited", flagValue(socketAddress))
    .option("--passive-ports <a-b>", "ports for data connections", flagValue(portRange))
    .option("--log-level <level>", LOG_LEVELS.join(", "), flagValue(choice(LOG_LEVELS)))
    .addOption(
      new Option("--demo", "no configuration: user demo, password demo, a bucket in memory")
        .conflicts(configured),
    )
    .addOption(
      new Option("--demo-dir <dir>", "the demo, with its bucket kept in a directory")
        .conflicts(configured).implies({ demo: true }),
    )
    .addOption(
      new Option("--tls", "the demo, with FTPS and a certificate of its own that ends with it")
        .conflicts(configured).implies({ demo: true }),
    )
    .action(act);
}

/** The part of `app/app.ts` that serves. */
type App = Pick<typeof import("../app/app.ts"), "serve" | "serveDemo" | "StartError">;

/** Runs the gateway until it is told to stop. @returns `configuration` when there is an error in it. */
export async function serve(
  options: ServeOptions,
  { terminal, loadApp = () => import("../app/app.ts") }: {
    terminal: Terminal;
    loadApp?: () => Promise<App>;
  },
): Promise<ExitCode> {
  const app = await loadApp();
  try {
    if (options.demo) {
      const { serveDemo } = await import("./demo.ts");
      await serveDemo(options, { terminal, app });
      return ExitCode.ok;
    }
    const { describeLoaded, loadConfiguration } = await import("./configuration.ts");
    const { renderProblem } = await import("../config/problem.ts");
    const loaded = loadConfiguration({ ...options, overrides: overridesOf(options) }, terminal);
    terminal.err(loaded.problems.map(renderProblem).join("") + describeLoaded(loaded));
    if (!loaded.config) return ExitCode.configuration;
    await app.serve({ config: loaded.config, surroundings: terminal });
    return ExitCode.ok;
  } catch (error) {
    if (!(error instanceof app.StartError)) throw error;
    terminal.err(`cosftp serve: ${error.message}\n`);
    return ExitCode.failed;
  }
}

/** The flags as settings, which win over those of the file and the environment. */
function overridesOf({ listen, passivePorts, logLevel }: ServeOptions): Override[] {
  const overrides: Override[] = [];
  if (listen) {
    overrides.push(
      { flag: "--listen", section: "NETWORK", key: "listen_address", text: listen.hostname },
      { flag: "--listen", section: "NETWORK", key: "listen_port", text: `${listen.port}` },
    );
  }
  if (passivePorts) {
    const text = `${passivePorts.first}-${passivePorts.last}`;
    overrides.push({ flag: "--passive-ports", section: "NETWORK", key: "passive_port", text });
  }
  if (logLevel) {
    overrides.push({ flag: "--log-level", section: "OPTIONAL", key: "log_level", text: logLevel });
  }
  return overrides;
}
