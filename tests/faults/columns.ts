import type { Operation } from "../../src/emulator/api/call.ts";
import type { Fault } from "../../src/emulator/faults.ts";

/** A column of the fault matrix: what goes wrong, and with which operations it can. */
export interface Column {
  readonly title: string;
  readonly fault: Exclude<Fault, { kind: "latency" }>;
  /** @default every operation */
  readonly operations?: readonly Operation[];
  /** Whether it is about the bytes of a request. @default false */
  readonly needsBytes?: boolean;
}

const CHANGES: readonly Operation[] = [
  "PutObject",
  "PutObjectCopy",
  "DeleteObject",
  "DeleteMultipleObjects",
  "InitiateMultipartUpload",
  "UploadPart",
  "UploadPartCopy",
  "CompleteMultipartUpload",
  "AbortMultipartUpload",
];

const WITH_REQUEST_BODY: readonly Operation[] = [
  "PutObject",
  "UploadPart",
  "CompleteMultipartUpload",
  "DeleteMultipleObjects",
];

const WITH_ANSWER_BODY: readonly Operation[] = [
  "GetObject",
  "GetBucket",
  "PutObjectCopy",
  "DeleteMultipleObjects",
  "InitiateMultipartUpload",
  "UploadPartCopy",
  "CompleteMultipartUpload",
  "ListParts",
  "ListMultipartUploads",
];

const WITH_CHECKSUM: readonly Operation[] = [
  "GetObject",
  "HeadObject",
  "PutObject",
  "PutObjectCopy",
  "UploadPart",
  "UploadPartCopy",
  "CompleteMultipartUpload",
];

/** Whose answers COS begins before it knows how they end. */
const SLOW: readonly Operation[] = [
  "PutObjectCopy",
  "UploadPartCopy",
  "CompleteMultipartUpload",
  "DeleteMultipleObjects",
];

export const COLUMNS: readonly Column[] = [
  { title: "500", fault: { kind: "error", code: "InternalError", status: 500 } },
  { title: "503 SlowDown", fault: { kind: "error", code: "SlowDown", status: 503 } },
  { title: "reset before the answer", fault: { kind: "reset-before-answer" } },
  {
    title: "reset in the request",
    fault: { kind: "reset-in-request" },
    operations: WITH_REQUEST_BODY,
    needsBytes: true,
  },
  {
    title: "reset in the answer",
    fault: { kind: "truncate-answer" },
    operations: WITH_ANSWER_BODY,
  },
  { title: "no answer in time", fault: { kind: "timeout" } },
  { title: "answer lost", fault: { kind: "lose-answer" }, operations: CHANGES },
  {
    title: "request damaged",
    fault: { kind: "corrupt-request" },
    operations: WITH_REQUEST_BODY,
    needsBytes: true,
  },
  { title: "answer damaged", fault: { kind: "corrupt-answer" }, operations: ["GetObject"] },
  { title: "checksum damaged", fault: { kind: "corrupt-checksum" }, operations: WITH_CHECKSUM },
  {
    title: "200 with Error",
    fault: { kind: "error-in-200", code: "InternalError" },
    operations: SLOW,
  },
];
