import { createHash } from "node:crypto";
import { uninterrupted } from "../../src/store/object_store.ts";
import type { Gateway } from "../ftp/gateway.ts";
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

/** Looks after the bucket of a gateway: what may be in it after a session, and that the next one begins with the same. */
export class BucketWatch {
  readonly #gateway: Gateway;
  /** Whatever a file may hold, by MD5. */
  readonly #contents = new Map<string, Uint8Array>();
  #hasMultipart = false;

  constructor(gateway: Gateway) {
    this.#gateway = gateway;
  }

  /** Makes the bucket what it is before each session. */
  async restore(): Promise<void> {
    this.#contents.clear();
    this.#hasMultipart = false;
    for (const bytes of [...BASELINE.values(), new Uint8Array()]) {
      this.#contents.set(md5(bytes), bytes);
    }
    const found = await this.#list();
    for (const key of found.keys()) {
      if (!BASELINE.has(key)) await this.#gateway.store.delete(key, uninterrupted());
    }
    for (const [key, bytes] of BASELINE) {
      if (found.get(key) !== BASELINE_ETAGS.get(key)) await this.#gateway.put(key, bytes);
    }
  }

  /**
   * An upload got 226: from now on a file may hold this.
   *
   * @param options.continues it comes behind something that was there.
   */
  finished(content: Uint8Array, { continues }: { continues: boolean }): void {
    if (content.length >= 1024 ** 2) this.#hasMultipart = true;
    const bases = continues ? [...this.#contents.values()] : [new Uint8Array()];
    for (const base of bases) {
      const whole = new Uint8Array([...base, ...content]);
      this.#contents.set(md5(whole), whole);
    }
  }

  /** Whether these bytes, as they were downloaded, are those of a file. */
  knows(bytes: Uint8Array): boolean {
    return this.#contents.has(md5(bytes));
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
    const found = await this.#list();
    for (const key of OUTSIDE) {
      if (found.get(key) === BASELINE_ETAGS.get(key)) continue;
      throw new Violation("touched outside", key);
    }
    for (const [key, etag] of found) {
      if (OUTSIDE.includes(key)) continue;
      if (!key.startsWith(PREFIX)) throw new Violation("made outside", key);
      if (key.startsWith(`${PREFIX}.cosftp/`)) throw new Violation("record left", key);
      if (this.#contents.has(etag)) continue;
      // Of a multipart upload: its ETag is not the MD5.
      const content = await this.#gateway.get(key);
      if (!content || !this.knows(content)) {
        throw new Violation("unfinished upload published", `${key}, ${content?.length} bytes`);
      }
    }
    if (!this.#hasMultipart) return;
    const uploads = await this.#gateway.store.listUploads({ prefix: "", ...uninterrupted() });
    if (uploads.length > 0) throw new Violation("multipart upload left", uploads[0]!.key);
  }

  async #list(): Promise<Map<string, string>> {
    const { objects } = await this.#gateway.store.list({ prefix: "", ...uninterrupted() });
    return new Map(objects.map(({ key, etag }) => [key, etag.replaceAll('"', "")]));
  }
}
