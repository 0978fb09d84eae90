import type { AccountSubject, BucketEndpoint } from "./account_subject.ts";

/** The longest answer that is read: one row, or an error. Bytes. */
const ANSWER_MAX = 256 * 1024;

/** What COS says to somebody without keys. */
export interface AnonymousAnswer {
  readonly status: number;
  /** COS's error code. */
  readonly code: string | undefined;
  /** Present when it was COS, or something that speaks like it. */
  readonly requestId: string | undefined;
  /** By the server's clock, milliseconds since the epoch. */
  readonly date: number | undefined;
  /** Where it says that the bucket is. */
  readonly region: string | undefined;
}

/**
 * Lists one key of the bucket without a signature: COS refuses that, and by how it does it can be seen whether the bucket is there.
 *
 * @throws {HttpError}; the signal's reason.
 */
export async function askAnonymously(
  { http }: AccountSubject,
  endpoint: BucketEndpoint,
  signal: AbortSignal,
): Promise<AnonymousAnswer> {
  using response = await http.request({
    origin: endpoint,
    method: "GET",
    target: `${endpoint.root}?max-keys=1`,
    headers: { host: endpoint.host },
    body: [],
    repeatable: true,
    signal,
  });
  const text = new TextDecoder().decode(await response.collect(ANSWER_MAX));
  const { status, fields } = response;
  const date = Date.parse(fields.get("date") ?? "");
  return {
    status,
    code: /<Code>([\w.-]{1,64})<\/Code>/.exec(text)?.[1],
    requestId: fields.get("x-cos-request-id"),
    date: Number.isNaN(date) ? undefined : date,
    region: fields.get("x-cos-bucket-region") ?? regionOf(fields.get("location") ?? text),
  };
}

/** Whether the answer says that there is no such bucket at the endpoint. */
export function isElsewhere({ status, code }: AnonymousAnswer): boolean {
  return code === "NoSuchBucket" || (status >= 300 && status < 400);
}

/** Of an address such as `https://b-1.cos.ap-beijing.myqcloud.com/`. */
function regionOf(address: string): string | undefined {
  return /\.cos\.([a-z0-9-]+)\.(?:myqcloud\.com|tencentcos\.cn)/.exec(address)?.[1];
}
