import assert from "node:assert/strict";
import { formatListLine } from "../../src/ftp/data/list_format.ts";
import type { Entry } from "../../src/vfs/tree.ts";

const NOW = Date.UTC(2026, 6, 15, 12);
const permissions = {
  authority: { read: true, write: true },
  deleteEnable: true,
  renameEnable: true,
  overwriteEnable: true,
};

function line(entry: Partial<Entry>, now = NOW): string {
  const file: Entry = { name: "a", kind: "file", size: 1, modified: new Date(now) };
  return formatListLine({ ...file, ...entry }, { permissions, now });
}

Deno.test("LIST shows files and directories in the form of ls -l, names as they are", () => {
  assert.equal(
    line({ name: "a  b ", size: 1024, modified: new Date(NOW) }),
    "-rw-r--r--   1 ftp      ftp              1024 Jul 15 12:00 a  b ",
  );
  assert.equal(
    line({ name: "文", kind: "directory", size: 0, modified: undefined }),
    "drwxr-xr-x   1 ftp      ftp                 0 Jan  1  1970 文",
  );
  assert.match(line({ size: 52_420_000_000_000 }), / 52420000000000 Jul /);
});

Deno.test("LIST shows the time of day of the last six months, else the year, in UTC", () => {
  const day = 24 * 3600 * 1000;
  for (
    const [modified, shown] of [
      [NOW, "Jul 15 12:00"],
      [NOW - day, "Jul 14 12:00"],
      [NOW - 182 * day, "Jan 14 12:00"],
      [NOW - 183 * day, "Jan 13  2026"],
      [NOW - 365 * day, "Jul 15  2025"],
      [Date.UTC(1999, 11, 1), "Dec  1  1999"],
      // COS's clock may be a little ahead of ours.
      [NOW + 10 * 60_000, "Jul 15 12:10"],
      [NOW + 2 * day, "Jul 17  2026"],
      [NOW + 400 * day, "Aug 19  2027"],
    ] as const
  ) {
    assert.ok(line({ modified: new Date(modified) }).includes(` ${shown} a`), shown);
  }
});

Deno.test("LIST shows what the account may do", () => {
  const mode = (kind: Entry["kind"], authority: { read: boolean; write: boolean }) =>
    formatListLine({ name: "a", kind, size: 0, modified: undefined }, {
      permissions: { ...permissions, authority },
      now: NOW,
    }).slice(0, 10);
  assert.equal(mode("file", { read: true, write: false }), "-r--r--r--");
  assert.equal(mode("directory", { read: true, write: false }), "dr-xr-xr-x");
  assert.equal(mode("file", { read: false, write: true }), "--w-------");
});
