/** How names are written on an FTP connection. */
export interface NameEncoding {
  /** For messages. */
  readonly name: string;
  /** @throws TypeError for bytes that are not of this encoding: a name is never guessed. */
  decode(bytes: Uint8Array): string;
  encode(text: string): Uint8Array;
}

const utf8Decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const utf8Encoder = new TextEncoder();

/** RFC 2640. */
export const utf8: NameEncoding = {
  name: "UTF-8",
  decode: (bytes) => utf8Decoder.decode(bytes),
  encode: (text) => utf8Encoder.encode(text),
};

/** What Chinese Windows clients write, GBK included. Its tables are loaded only for accounts that need them. */
export async function gb18030(): Promise<NameEncoding> {
  const { default: iconv } = await import("iconv-lite");
  const decoder = new TextDecoder("gb18030", { fatal: true });
  const encode = (text: string): Uint8Array => iconv.encode(text, "gb18030");
  return {
    name: "GB18030",
    decode(bytes) {
      const text = decoder.decode(bytes);
      // The two tables differ in a few characters; a name that does not come back as it came would be another name.
      const back = encode(text);
      if (back.length !== bytes.length || back.some((byte, index) => byte !== bytes[index])) {
        throw new TypeError("Cannot decode the name: its bytes have no certain meaning");
      }
      return text;
    },
    encode,
  };
}
