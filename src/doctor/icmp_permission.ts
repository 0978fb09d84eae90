import { ErrnoError, type Libc } from "../net/libc.ts";
import type { Outcome } from "./check.ts";

/** Does what needs ICMP; where that is not permitted the outcome is a skip that says how to permit it. */
export async function withIcmp(
  libc: Libc | Error,
  work: (libc: Libc) => Promise<readonly Outcome[]>,
): Promise<readonly Outcome[]> {
  if (libc instanceof Error) {
    return [{
      status: "skip",
      summary: `ICMP cannot be used: ${libc.message}`,
      remedy: { text: "Run it with --allow-ffi (the executable has it), on a system with glibc" },
    }];
  }
  try {
    return await work(libc);
  } catch (error) {
    if (!(error instanceof ErrnoError) || !["EACCES", "EPERM"].includes(error.errno)) throw error;
    return [{
      status: "skip",
      summary: `ICMP is not permitted to this user (${error.errno})`,
      remedy: {
        text: "Permit echo requests to every user of this machine, or run it as root",
        commands: [`sysctl -w net.ipv4.ping_group_range="0 2147483647"`],
      },
    }];
  }
}
