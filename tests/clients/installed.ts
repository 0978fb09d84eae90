/** Clients that tests drive, by their Debian package: a program of each, which shows whether it is installed. */
const PROGRAMS = {
  curl: "curl",
  expect: "expect",
  filezilla: "filezilla",
  ftp: "ftp",
  "ftp-ssl": "ftp-ssl",
  haproxy: "haproxy",
  iproute2: "ss",
  lftp: "lftp",
  ncftp: "ncftpput",
  openssl: "openssl",
  python3: "python3",
  rclone: "rclone",
  sslscan: "sslscan",
  "testssl.sh": "testssl",
  wget: "wget",
  xdotool: "xdotool",
  xvfb: "Xvfb",
} as const;
export type Client = keyof typeof PROGRAMS;

/** What is not installed here: `lftp is not installed (apt install lftp)`. */
export function missingClients(
  wanted: readonly Client[] = Object.keys(PROGRAMS) as Client[],
): string[] {
  return wanted.filter((client) => !isInstalled(PROGRAMS[client]))
    .map((client) => `${client} is not installed (apt install ${client})`);
}

function isInstalled(program: string): boolean {
  const folders = (Deno.env.get("PATH") ?? "").split(":").filter((folder) => folder !== "");
  return folders.some((folder) => {
    try {
      const { isFile, mode } = Deno.statSync(`${folder}/${program}`);
      return isFile && ((mode ?? 0) & 0o111) !== 0;
    } catch {
      return false;
    }
  });
}
