import { createHash } from "node:crypto";
import { uninterrupted } from "../../src/store/object_store.ts";
import { sweepUploads } from "../../src/vfs/upload_sweep.ts";
import { type Gateway, PART_SIZE } from "../ftp/gateway.ts";
import type { MeantUpload } from "./client_files.ts";
import { KnownContents } from "./known_contents.ts";
import type { InterruptedUpload } from "./session_plan.ts";
import { Violation } from "./violation.ts";

/** What the account sees of the bucket. */
export const PREFIX = "home/alice/";

/** Outside of the prefix, among them names that begin alike. */
const OUTSIDE = [
  "secret.txt",
  "home/alice-neighbour.txt",
  "home/alice",
  "home/bob/x.txt",
  ".cosftp/uploads/x",
];
const INSIDE = [
  "a.txt",
  "b.txt",
  "dir/c.txt",
  "dir/sub/d.txt",
  "with blank.txt",
  "star[a-.txt",
  "empty/",
];

const encoder = new TextEncoder();

const BASELINE = new Map([
  ...OUTSIDE.map((key) => [key, encoder.encode(`not alice's: ${key}`)] as const),
  ...INSIDE.map((name) =>
    [PREFIX + name, encoder.encode(name.endsWith("/") ? "" : `alice's own: ${name}`)] as const
  ),
]);

function md5(bytes: Uint8Array): string {
  return createHash("md5").update(bytes).digest("hex");
}

const BASELINE_ETAGS = new Map([...BASELINE].map(([key, bytes]) => [key, md5(bytes)]));
const BASELINE_CONTENTS = new Set(BASELINE_ETAGS.values());

/** Looks after the bucket of a gateway: what may be in it after a session, and that the next one begins with the same. */
export class BucketWatch {
  readonly #gateway: Gateway;
  readonly #interrupted: InterruptedUpload;
  #known = new KnownContents();
  #hasMultipart = false;

  constructor(gateway: Gateway, interrupted: InterruptedUpload) {
    this.#gateway = gateway;
    this.#interrupted = interrupted;
  }

  /** Makes the bucket what it is before each session. */
  async restore(): Promise<void> {
    this.#known = new KnownContents();
    this.#hasMultipart = false;
    for (const bytes of [...BASELINE.values(), new Uint8Array()]) this.#known.add(bytes);
    const found = await this.#list();
    for (const key of found.keys()) {
      if (!BASELINE.has(key)) await this.#gateway.store.delete(key, uninterrupted());
    }
    for (const [key, bytes] of BASELINE) {
      if (found.get(key) !== BASELINE_ETAGS.get(key)) await this.#gateway.put(key, bytes);
    }
  }

  /** An upload got 226, or may have been published, when so much was sent: from now on a file may hold it. */
  finished(upload: MeantUpload, sent: Uint8Array): void {
    this.#hasMultipart ||= sent.length >= PART_SIZE;
    this.#known.finished(upload, sent);
  }

  /** An upload ended otherwise when so much was sent: less than that may be kept of it. */
  brokeOff(upload: MeantUpload, sent: Uint8Array): void {
    this.#hasMultipart ||= sent.length >= PART_SIZE;
    if (this.#interrupted === "resume") this.#known.brokeOff(upload, sent);
  }

  /** Whether these bytes, as they were downloaded, are those of a file. */
  knows(bytes: Uint8Array): boolean {
    return this.#known.knows(bytes);
  }

  /** Whether there is no doubt which interrupted upload of a file something may be kept of. */
  isClear(path: string): boolean {
    return this.#known.isClear(path);
  }

  /** Whether what SIZE said can only be what is kept of the file. */
  isKept(path: string, size: number): boolean {
    return this.#known.isKept(path, size);
  }

  /** What SIZE said. @throws {Violation} when no file is so long, and no interrupted upload was longer. */
  checkSize(path: string, size: number): void {
    if (!this.#known.measures(path, size)) throw new Violation("wrong size", `${path}, ${size}`);
  }

  /** A file was uploaded and nothing came after it. @throws {Violation} */
  async mustHold(name: string, content: Uint8Array): Promise<void> {
    const found = await this.#gateway.get(PREFIX + name);
    if (found && md5(found) === md5(content)) return;
    throw new Violation(
      "upload lost",
      `${name} has ${found?.length ?? "no"} bytes of ${content.length}`,
    );
  }

  /** @throws {Violation} when something is in the bucket that no session of the account could have put there. */
  async check(): Promise<void> {
    if (this.#interrupted === "resume" && this.#hasMultipart) await this.#sweep();
    const found = await this.#list();
    for (const key of OUTSIDE) {
      if (found.get(key) === BASELINE_ETAGS.get(key)) continue;
      throw new Violation("touched outside", key);
    }
    for (const [key, etag] of found) {
      if (OUTSIDE.includes(key)) continue;
      if (!key.startsWith(PREFIX)) throw new Violation("made outside", key);
      if (key.startsWith(`${PREFIX}.cosftp/`)) throw new Violation("record left", key);
      if (BASELINE_CONTENTS.has(etag)) continue;
      const content = await this.#gateway.get(key);
      if (!content || !this.knows(content)) {
        throw new Violation("unfinished upload published", `${key}, ${content?.length} bytes`);
      }
    }
    if (!this.#hasMultipart) return;
    const uploads = await this.#gateway.store.listUploads({ prefix: "", ...uninterrupted() });
    if (uploads.length > 0) throw new Violation("multipart upload left", uploads[0]!.key);
  }

  /** As when `resume_window` is over: nothing may be left of interrupted uploads then. */
  async #sweep(): Promise<void> {
    await sweepUploads(this.#gateway.records, { window: -Infinity, ...uninterrupted() });
  }

  async #list(): Promise<Map<string, string>> {
    const { objects } = await this.#gateway.store.list({ prefix: "", ...uninterrupted() });
    return new Map(objects.map(({ key, etag }) => [key, etag.replaceAll('"', "")]));
  }
}
