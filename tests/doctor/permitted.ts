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

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
