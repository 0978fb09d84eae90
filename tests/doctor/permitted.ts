/** What the networks of these tests are built with, by Debian package. */
const PROGRAMS = { iproute2: "ip", nftables: "nft", iptables: "iptables" } as const;
/** Where Debian keeps them; the PATH of a user has no `sbin`. */
const FOLDERS = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/** Why networks cannot be built here; undefined when they can. */
export function whyNoNetworks(): string | undefined {
  const missing = Object.entries(PROGRAMS)
    .find(([, program]) => !FOLDERS.some((folder) => isFile(`${folder}/${program}`)));
  if (missing) return `${missing[1]} is not installed (apt install ${missing[0]})`;
  const name = `cosftp-${crypto.randomUUID().slice(0, 8)}`;
  const ip = (action: string) =>
    new Deno.Command("ip", { args: ["netns", action, name], stderr: "null" }).outputSync().success;
  if (!ip("add")) return "network namespaces are not permitted (they need root)";
  ip("del");
  return undefined;
}

/** Why doctor cannot be tried with them here, where that is so. */
export function missingFirewalls(): { readonly ufw?: string; readonly firewalld?: string } {
  const why = (program: string, packages: string) =>
    FOLDERS.some((folder) => isFile(`${folder}/${program}`))
      ? undefined
      : `${program} is not installed (apt install ${packages})`;
  return {
    ufw: why("ufw", "ufw"),
    firewalld: why("firewalld", "firewalld") ?? why("dbus-send", "dbus-bin"),
  };
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
