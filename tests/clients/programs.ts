/** Programs that tests drive, and the Debian packages that bring them. */
export const PROGRAMS = {
  curl: "curl",
  expect: "expect",
  ftp: "ftp",
  lftp: "lftp",
  ncftpput: "ncftp",
  python3: "python3",
  rclone: "rclone",
  wget: "wget",
} as const;
export type Program = keyof typeof PROGRAMS;

/** What is not installed here: `lftp is not installed (apt install lftp)`. */
export function missingPrograms(wanted = Object.keys(PROGRAMS) as Program[]): string[] {
  return wanted.filter((program) => !isInstalled(program)).map((program) =>
    `${program} is not installed (apt install ${PROGRAMS[program]})`
  );
}

/**
 * Registers a test that drives real clients, named after the first of them. Where one is not installed the test is ignored,
 * and with `COSFTP_REQUIRE_CLIENTS=1` it fails.
 */
export function clientTest(
  programs: Program | readonly Program[],
  behaviour: string,
  run: () => Promise<void>,
): void {
  const wanted = [programs].flat();
  const missing = missingPrograms(wanted);
  Deno.test({
    name: `${wanted[0]} ${behaviour}`,
    ignore: missing.length > 0 && Deno.env.get("COSFTP_REQUIRE_CLIENTS") !== "1",
    fn: () => {
      if (missing.length > 0) throw new Error(`Cannot test: ${missing.join(", ")}`);
      return run();
    },
  });
}

function isInstalled(program: Program): boolean {
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
