import assert from "node:assert/strict";
import { createLogger } from "../../src/telemetry/log.ts";
import { LogFile } from "../../src/telemetry/log_file.ts";
import { FakeClock } from "../fake_clock.ts";

/** A log file in a directory of its own, that does not exist yet. */
class Place implements Disposable {
  readonly root = Deno.makeTempDirSync({ prefix: "cosftp-log-" });
  readonly directory = `${this.root}/var/log`;
  readonly path = `${this.directory}/cos_v5.log`;
  readonly clock = new FakeClock();
  /** What was said on stderr, without the time. */
  readonly said: string[] = [];
  readonly #files: LogFile[] = [];

  open(options: { rotateSize?: number; backupCount?: number } = {}): LogFile {
    const sink = { write: (line: string) => void this.said.push(line.slice(25)) };
    const file = new LogFile({
      directory: this.directory,
      rotateSize: options.rotateSize ?? 0,
      backupCount: options.backupCount ?? 0,
      clock: this.clock,
      trouble: createLogger({ level: "INFO", sinks: [sink], clock: this.clock }),
    });
    this.#files.push(file);
    return file;
  }

  read(suffix = ""): string {
    return Deno.readTextFileSync(this.path + suffix);
  }

  names(): string[] {
    return [...Deno.readDirSync(this.directory)].map((entry) => entry.name).sort();
  }

  [Symbol.dispose](): void {
    for (const file of this.#files) file[Symbol.dispose]();
    Deno.removeSync(this.root, { recursive: true });
  }
}

Deno.test("LogFile makes its directory and has every line on disk at once", () => {
  using place = new Place();
  const file = place.open();
  file.write("first\n");
  assert.equal(place.read(), "first\n");
  file.write("second\n");
  assert.equal(place.read(), "first\nsecond\n");
  assert.deepEqual(place.said, []);
});

Deno.test("LogFile appends to what an earlier run wrote", () => {
  using place = new Place();
  place.open().write("old\n");
  place.open().write("new\n");
  assert.equal(place.read(), "old\nnew\n");
});

Deno.test("LogFile keeps backupCount full files and drops the oldest", () => {
  using place = new Place();
  const file = place.open({ rotateSize: 10, backupCount: 2 });
  for (let n = 1; n <= 7; n++) file.write(`n=${n}\n`);
  assert.deepEqual(place.names(), ["cos_v5.log", "cos_v5.log.1", "cos_v5.log.2"]);
  assert.equal(place.read(), "n=7\n");
  assert.equal(place.read(".1"), "n=5\nn=6\n");
  assert.equal(place.read(".2"), "n=3\nn=4\n");
});

Deno.test("LogFile counts what an earlier run wrote towards the size", () => {
  using place = new Place();
  place.open({ rotateSize: 10, backupCount: 1 }).write("12345678\n");
  place.open({ rotateSize: 10, backupCount: 1 }).write("new\n");
  assert.equal(place.read(), "new\n");
  assert.equal(place.read(".1"), "12345678\n");
});

Deno.test("LogFile counts bytes, not characters", () => {
  using place = new Place();
  const file = place.open({ rotateSize: 10, backupCount: 1 });
  file.write("文件\n");
  file.write("文\n");
  assert.equal(place.read(), "文\n");
});

Deno.test("LogFile writes a line that is longer than rotateSize whole", () => {
  using place = new Place();
  const file = place.open({ rotateSize: 4, backupCount: 3 });
  file.write("longer than four\n");
  file.write("also longer\n");
  assert.deepEqual(place.names(), ["cos_v5.log", "cos_v5.log.1"]);
  assert.equal(place.read(".1"), "longer than four\n");
  assert.equal(place.read(), "also longer\n");
});

Deno.test("LogFile with no backups begins again, and never rotates with rotateSize 0", () => {
  using place = new Place();
  const rotating = place.open({ rotateSize: 10 });
  for (let n = 1; n <= 3; n++) rotating.write(`n=${n}\n`);
  assert.equal(place.read(), "n=3\n");
  const growing = place.open();
  for (let n = 4; n <= 9; n++) growing.write(`n=${n}\n`);
  assert.equal(place.read().length, 7 * 4);
  assert.deepEqual(place.names(), ["cos_v5.log"]);
});

Deno.test("LogFile grows on when it cannot be rotated and tries again after another rotateSize", () => {
  using place = new Place();
  const file = place.open({ rotateSize: 10, backupCount: 1 });
  Deno.mkdirSync(`${place.path}.1/in_the_way`, { recursive: true });
  for (let n = 1; n <= 4; n++) file.write(`n=${n}\n`);
  assert.equal(place.read(), "n=1\nn=2\nn=3\nn=4\n");
  assert.equal(place.said.length, 1);
  assert.match(place.said[0]!, /^WARNING Cannot rotate the log file, it goes on growing path=/);
  Deno.removeSync(`${place.path}.1`, { recursive: true });
  file.write("n=5\n");
  assert.equal(place.read(), "n=5\n");
  assert.equal(place.read(".1"), "n=1\nn=2\nn=3\nn=4\n");
  assert.equal(place.said.length, 1);
});

Deno.test("LogFile goes over to a new file after another process has rotated it", () => {
  using place = new Place();
  const [one, two] = [1, 2].map(() => place.open({ rotateSize: 10, backupCount: 3 }));
  one!.write("one a\n");
  two!.write("two a\n");
  one!.write("one b\n");
  assert.deepEqual(place.names(), ["cos_v5.log", "cos_v5.log.1"]);
  assert.equal(place.read(".1"), "one a\n");
  assert.equal(place.read(), "two a\none b\n");
});

Deno.test("LogFile keeps only the file open that it writes to", () => {
  using place = new Place();
  const openFiles = () => {
    // Through ls, because reading /proc itself takes every permission there is.
    const { stdout } = new Deno.Command("ls", { args: ["-l", `/proc/${Deno.pid}/fd`] })
      .outputSync();
    return new TextDecoder().decode(stdout).split("\n")
      .flatMap((line) => line.split(" -> ")[1] ?? [])
      .filter((target) => target.startsWith(place.directory));
  };
  const file = place.open({ rotateSize: 10, backupCount: 2 });
  for (let n = 1; n <= 9; n++) file.write(`n=${n}\n`);
  Deno.removeSync(place.path);
  place.clock.advance(1_000);
  file.write("after\n");
  assert.deepEqual(openFiles(), [place.path]);
  file[Symbol.dispose]();
  assert.deepEqual(openFiles(), []);
});

for (const gone of ["file", "directory"]) {
  Deno.test(`LogFile comes back within a second after its ${gone} was removed`, () => {
    using place = new Place();
    const file = place.open();
    file.write("before\n");
    Deno.removeSync(gone === "file" ? place.path : place.directory, { recursive: true });
    place.clock.advance(1_000);
    file.write("after\n");
    assert.equal(place.read(), "after\n");
    assert.deepEqual(place.said, []);
  });
}

Deno.test("LogFile goes over to a new file after logrotate has moved the old one", () => {
  using place = new Place();
  const file = place.open();
  file.write("before\n");
  Deno.renameSync(place.path, `${place.path}-20260115`);
  place.clock.advance(1_000);
  file.write("after\n");
  assert.equal(place.read("-20260115"), "before\n");
  assert.equal(place.read(), "after\n");
});

Deno.test("LogFile notices a removed file although the clock was set back", () => {
  using place = new Place();
  const file = place.open();
  file.write("before\n");
  Deno.removeSync(place.path);
  place.clock.advance(-3_600_000);
  file.write("after\n");
  assert.equal(place.read(), "after\n");
});

Deno.test("LogFile says once that it fails, and once when it works again", () => {
  using place = new Place();
  Deno.mkdirSync(place.path, { recursive: true });
  const file = place.open();
  for (let second = 0; second < 3; second++) {
    file.write("lost\n");
    file.write("lost\n");
    place.clock.advance(1_000);
  }
  assert.equal(place.said.length, 1);
  assert.match(place.said[0]!, /^ERROR Cannot write the log file, .* path=\S+ reason=".*directory/);
  Deno.removeSync(place.path);
  file.write("kept\n");
  file.write("kept too\n");
  assert.equal(place.read(), "kept\nkept too\n");
  assert.deepEqual(place.said.slice(1), [
    `WARNING The log file works again path=${place.path} lost=6\n`,
  ]);
});

Deno.test("LogFile leaves a failed file alone for a second", () => {
  using place = new Place();
  Deno.mkdirSync(place.path, { recursive: true });
  const file = place.open();
  file.write("lost\n");
  Deno.removeSync(place.path);
  place.clock.advance(999);
  file.write("lost\n");
  assert.deepEqual(place.names(), []);
  place.clock.advance(1);
  file.write("kept\n");
  assert.equal(place.read(), "kept\n");
  assert.match(place.said[1]!, /lost=2\n$/);
});

Deno.test("LogFile that may not be opened loses lines and throws nothing", () => {
  using place = new Place();
  Deno.mkdirSync(`${place.root}/var`);
  Deno.writeTextFileSync(place.directory, "a file where the directory should be");
  const file = place.open();
  file.write("lost\n");
  assert.equal(place.said.length, 1);
  Deno.removeSync(place.directory);
  place.clock.advance(1_000);
  file.write("kept\n");
  assert.equal(place.read(), "kept\n");
});

for (
  const { room, content } of [
    { room: "truncate", content: [...Array(10).fill("x".repeat(99)), "xxxxx", "kept", ""] },
    { room: "remove", content: ["kept", ""] },
  ]
) {
  Deno.test(`LogFile goes on with a whole line after a full disk and a ${room}`, async () => {
    using place = new Place();
    // With SIGXFSZ ignored, a write across the limit is cut short and the next one fails: a full disk without a disk.
    const { stdout } = await new Deno.Command("bash", {
      args: [
        ...["-c", 'trap "" XFSZ && ulimit -f 1 && exec "$@"', "bash"],
        ...[Deno.execPath(), "run", "--quiet", "--allow-read", "--allow-write"],
        ...[new URL("full_disk.ts", import.meta.url).pathname, place.directory, room],
      ],
      stderr: "inherit",
    }).output();
    const said = new TextDecoder().decode(stdout).trim().split("\n");
    assert.equal(said.length, 2);
    assert.match(said[0]!, / ERROR Cannot write the log file, /);
    assert.match(said[1]!, / WARNING The log file works again .* lost=2$/);
    assert.deepEqual(place.read().split("\n"), content);
  });
}
