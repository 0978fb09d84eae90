/** Content type of a TLS record that carries application data, and of all that TLS 1.3 encrypts (RFC 8446 section 5.1). */
export const APPLICATION_DATA = 23;

const HEADER_LENGTH = 5;

/** Watches a stream of TLS records for the first of type {@linkcode APPLICATION_DATA}. */
export class RecordWatch {
  #header: number[] = [];
  /** Bytes of a record that are still to come. */
  #left = 0;
  #seen = false;

  get seen(): boolean {
    return this.#seen;
  }

  /** Takes the next bytes of the stream. */
  push(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length && !this.#seen;) {
      if (this.#left > 0) {
        const skipped = Math.min(this.#left, bytes.length - at);
        this.#left -= skipped;
        at += skipped;
        continue;
      }
      this.#header.push(bytes[at++]!);
      const [type, , , high = 0, low = 0] = this.#header;
      this.#seen = type === APPLICATION_DATA;
      if (this.#header.length < HEADER_LENGTH) continue;
      this.#left = high << 8 | low;
      this.#header = [];
    }
  }
}
