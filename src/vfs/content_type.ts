import mime from "mime";

/** The media type that the end of a key tells; undefined where it tells none, and COS's default then stands. */
export function contentTypeOf(key: string): string | undefined {
  return mime.getType(key) ?? undefined;
}
