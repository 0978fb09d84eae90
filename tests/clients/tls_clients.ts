import type { ClientOutput } from "./client_run.ts";
import type { GatewayTest } from "./client_test_case.ts";
import type { Gateway } from "./gateway.ts";

/** How clients come to TLS, and where. */
export const WAYS = {
  explicit: { scheme: "ftp", port: (gateway: Gateway) => gateway.port, rclone: "EXPLICIT_TLS" },
  implicit: { scheme: "ftps", port: (gateway: Gateway) => gateway.implicitPort!, rclone: "TLS" },
} as const;
export type Way = keyof typeof WAYS;

/** Versions of TLS, and how clients are told to speak nothing else. */
export const VERSIONS = {
  "TLS 1.2": {
    curl: ["--tls-max", "1.2"],
    lftp: "VERS-TLS1.2",
    ftplib: "TLSv1_2",
    disable13: "true",
  },
  "TLS 1.3": { curl: ["--tlsv1.3"], lftp: "VERS-TLS1.3", ftplib: "TLSv1_3", disable13: "false" },
} as const;
export type Version = keyof typeof VERSIONS;

/** What a client is to speak. */
export interface Spoken {
  readonly way: Way;
  readonly version: Version;
}

/** Every way with every version. */
export const ALL_SPOKEN: readonly Spoken[] = (Object.keys(WAYS) as Way[]).flatMap((way) =>
  (Object.keys(VERSIONS) as Version[]).map((version) => ({ way, version }))
);

/** The URL of a path, with the login. */
export function urlOf(gateway: Gateway, way: Way, path = ""): string {
  const { user, password, host } = gateway;
  return `${WAYS[way].scheme}://${user}:${password}@${host}:${WAYS[way].port(gateway)}/${path}`;
}

/** curl that insists on TLS. */
export function curlOverTls(gateway: Gateway, ...flags: string[]): ["curl", ...string[]] {
  return ["curl", "-sS", "--ssl-reqd", "--cacert", gateway.certificate, ...flags];
}

/** Runs commands of lftp, which insists on TLS. */
export async function lftpOverTls(
  { gateway, run }: GatewayTest,
  { way, version }: Spoken,
  commands: string,
): Promise<void> {
  const { user, password, host, certificate } = gateway;
  const settings = [
    "set cmd:fail-exit yes",
    "set net:max-retries 1",
    "set net:timeout 20",
    "set ftp:ssl-force yes",
    "set ftp:ssl-protect-data yes",
    `set ssl:ca-file ${certificate}`,
    `set ssl:priority NORMAL:-VERS-ALL:+${VERSIONS[version].lftp}`,
    `open -u ${user},${password} ${WAYS[way].scheme}://${host}:${WAYS[way].port(gateway)}`,
  ];
  await run(["lftp", "--norc", "-c", [...settings, commands].join("; ")]);
}

/** rclone with a remote `gateway:`. */
export async function rcloneOverTls(
  { gateway, run }: GatewayTest,
  { way, version }: Spoken,
): Promise<(...args: string[]) => Promise<ClientOutput>> {
  const { stdout } = await run(["rclone", "obscure", gateway.password]);
  const env = {
    RCLONE_CONFIG: "/dev/null",
    RCLONE_CONFIG_GATEWAY_TYPE: "ftp",
    RCLONE_CONFIG_GATEWAY_HOST: gateway.host,
    RCLONE_CONFIG_GATEWAY_PORT: `${WAYS[way].port(gateway)}`,
    RCLONE_CONFIG_GATEWAY_USER: gateway.user,
    RCLONE_CONFIG_GATEWAY_PASS: stdout.trim(),
    RCLONE_CONFIG_GATEWAY_DISABLE_TLS13: VERSIONS[version].disable13,
    [`RCLONE_CONFIG_GATEWAY_${WAYS[way].rclone}`]: "true",
    SSL_CERT_FILE: gateway.certificate,
  };
  return (...args) => run(["rclone", "--retries=1", "--low-level-retries=1", ...args], { env });
}
