/** HTTP statuses of the error codes that the emulator answers by itself (COS document 436/7730). */
const STATUS = {
  BadDigest: 400,
  EntityTooLarge: 400,
  EntityTooSmall: 400,
  InvalidArgument: 400,
  InvalidBucketName: 400,
  InvalidDigest: 400,
  InvalidPart: 400,
  InvalidPartOrder: 400,
  InvalidRequest: 400,
  InvalidURI: 400,
  KeyTooLong: 400,
  MalformedXML: 400,
  NotSupportedStorageClass: 400,
  VerifyAlgorithmNotSupported: 400,
  XMLSizeLimit: 400,
  AccessDenied: 403,
  ExpiredToken: 403,
  InvalidAccessKeyId: 403,
  InvalidObjectState: 403,
  RequestTimeTooSkewed: 403,
  SignatureDoesNotMatch: 403,
  NoSuchBucket: 404,
  NoSuchCopySource: 404,
  NoSuchKey: 404,
  NoSuchUpload: 404,
  MethodNotAllowed: 405,
  BucketAlreadyOwnedByYou: 409,
  BucketNotEmpty: 409,
  FileAlreadyExists: 409,
  MissingContentLength: 411,
  PreconditionFailed: 412,
  InvalidRange: 416,
  InternalError: 500,
  NotImplemented: 501,
  ServiceUnavailable: 503,
  SlowDown: 503,
} as const;

export type CosErrorCode = keyof typeof STATUS;

/** The status that goes with `code`; undefined for a code that the emulator does not know. */
export function statusOf(code: string): number | undefined {
  return Object.hasOwn(STATUS, code) ? STATUS[code as CosErrorCode] : undefined;
}

/** A request is refused: what the answer's `<Error>` says. The message goes to the client. */
export class CosError extends Error {
  override readonly name = "CosError";
  readonly code: CosErrorCode;
  readonly status: number;
  /** Headers of the answer. */
  readonly headers: Readonly<Record<string, string>>;
  /** Further elements of the `<Error>`. */
  readonly details: Readonly<Record<string, string>>;

  constructor(
    code: CosErrorCode,
    message: string,
    options: { headers?: Record<string, string>; details?: Record<string, string> } = {},
  ) {
    super(message);
    this.code = code;
    this.status = STATUS[code];
    this.headers = options.headers ?? {};
    this.details = options.details ?? {};
  }
}

/** The bucket is not there, or not at this region's host. */
export function noSuchBucket(): CosError {
  return new CosError("NoSuchBucket", "The specified bucket does not exist.");
}
