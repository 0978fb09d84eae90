import { scryptSync } from "node:crypto";

/** A password's hash as another program would make it. @param cost the cheapest unless it says otherwise. */
export function hashOf(
  password: string,
  { N = 1024, r = 1, p = 1 }: { N?: number; r?: number; p?: number } = {},
): string {
  const hash = scryptSync(password, "saltsalt", 32, { N, r, p, maxmem: 2 ** 28 });
  return `scrypt:N=${N}:r=${r}:p=${p}:${btoa("saltsalt").replace("=", "")}:${
    hash.toString("base64url")
  }`;
}
