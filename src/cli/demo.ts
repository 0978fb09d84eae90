import type { Config } from "../config/config.ts";
import { load } from "../config/load.ts";
import { formatAddress, type SocketAddress } from "../net/connection.ts";
import type { ServeOptions } from "./serve.ts";
import type { Terminal } from "./terminal.ts";

/** The demo's account, its password, and the name of its bucket. */
const ACCOUNT = "demo";
const BUCKET = "demo-1250000000";

/** The part of `app/app.ts` that the demo needs. */
type App = Pick<typeof import("../app/app.ts"), "serveDemo">;

/** Runs the gateway with the embedded COS server, and prints how to try it. @throws StartError when it cannot start. */
export async function serveDemo(
  options: ServeOptions,
  { terminal, app }: { terminal: Terminal; app: App },
): Promise<void> {
  await app.serveDemo({
    bucket: BUCKET,
    dir: options.demoDir,
    tls: options.tls ?? false,
    configure: (cos) => demoConfig(options, cos),
    surroundings: terminal,
    onReady: (address) => terminal.out(welcome(address, options)),
  });
}

/** A configuration as it would be read from the environment, without looking at any file. */
function demoConfig(
  { listen, passivePorts, logLevel }: ServeOptions,
  cos: { endpoint: string; secretId: string; secretKey: string },
): Config {
  const { first, last } = passivePorts ?? { first: 60_000, last: 65_535 };
  const { config, problems } = load({
    env: {
      COSFTP_COS_ACCOUNT_0_COS_SECRETID: cos.secretId,
      COSFTP_COS_ACCOUNT_0_COS_SECRETKEY: cos.secretKey,
      COSFTP_COS_ACCOUNT_0_COS_BUCKET: BUCKET,
      COSFTP_COS_ACCOUNT_0_COS_ENDPOINT: cos.endpoint,
      COSFTP_COS_ACCOUNT_0_COS_PROTOCOL: "http",
      COSFTP_COS_ACCOUNT_0_HOME_DIR: "/",
      COSFTP_COS_ACCOUNT_0_FTP_LOGIN_USER_NAME: ACCOUNT,
      COSFTP_COS_ACCOUNT_0_FTP_LOGIN_USER_PASSWORD: ACCOUNT,
      COSFTP_NETWORK_LISTEN_ADDRESS: listen?.hostname ?? "127.0.0.1",
      COSFTP_NETWORK_LISTEN_PORT: String(listen?.port ?? 2121),
      COSFTP_NETWORK_PASSIVE_PORT: `${first}-${last}`,
      COSFTP_OPTIONAL_LOG_LEVEL: logLevel ?? "INFO",
      COSFTP_OPTIONAL_LOG_FILE_ENABLED: "false",
    },
    machineMemory: Deno.systemMemoryInfo().total,
    readFile: () => {
      throw new Deno.errors.NotFound("The demo reads no file");
    },
  });
  if (!config) throw new TypeError(`Cannot make the demo's configuration: ${problems[0]?.message}`);
  return config;
}

/** What was started, and lines to paste. */
function welcome(address: SocketAddress, { demoDir: dir, tls }: ServeOptions): string {
  const everywhere = address.hostname === "0.0.0.0" || address.hostname === "::";
  const hostname = everywhere ? "127.0.0.1" : address.hostname;
  const at = formatAddress({ ...address, hostname });
  const url = `ftp://${ACCOUNT}:${ACCOUNT}@${at}/`;
  // Nobody has a reason to trust the demo's certificate.
  const curl = tls ? "curl -k --ssl-reqd" : "curl";
  const lftp = tls ? `lftp -e "set ssl:verify-certificate no; set ftp:ssl-force yes"` : "lftp";
  const encryption = tls ? "Require explicit FTP over TLS" : "Only use plain FTP";
  return `
cosftp demo: ${tls ? "FTP and FTPS" : "FTP"} on ${at}, account ${ACCOUNT}, password ${ACCOUNT}
Its bucket is on an embedded COS server, ${
    dir ? `kept in ${dir}` : "in memory: it ends with the demo"
  }.

Try it from another terminal:
  ${curl} -T README.md ${url}
  ${curl} ${url}
  ${lftp} -u ${ACCOUNT},${ACCOUNT} -p ${address.port} ${hostname}
  ftp ${hostname} ${address.port}
  FileZilla: host ${hostname}, port ${address.port}, user ${ACCOUNT}, password ${ACCOUNT}, encryption "${encryption}"

Ctrl-C stops it.

`;
}
