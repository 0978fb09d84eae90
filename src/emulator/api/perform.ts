import { deleteBucket, getBucket, getService, headBucket, putBucket } from "./bucket_operations.ts";
import type { Answer, Call, Operation } from "./call.ts";
import { putObjectCopy, uploadPartCopy } from "./copy_operations.ts";
import {
  abortMultipartUpload,
  completeMultipartUpload,
  initiateMultipartUpload,
  listMultipartUploads,
  listParts,
  uploadPart,
} from "./multipart_operations.ts";
import {
  deleteMultipleObjects,
  deleteObject,
  getObject,
  headObject,
  putObject,
} from "./object_operations.ts";

const HANDLERS: Readonly<Record<Operation, (call: Call) => Answer | Promise<Answer>>> = {
  GetService: getService,
  GetBucket: getBucket,
  HeadBucket: headBucket,
  PutBucket: putBucket,
  DeleteBucket: deleteBucket,
  GetObject: getObject,
  HeadObject: headObject,
  PutObject: putObject,
  PutObjectCopy: putObjectCopy,
  DeleteObject: deleteObject,
  DeleteMultipleObjects: deleteMultipleObjects,
  InitiateMultipartUpload: initiateMultipartUpload,
  UploadPart: uploadPart,
  UploadPartCopy: uploadPartCopy,
  CompleteMultipartUpload: completeMultipartUpload,
  AbortMultipartUpload: abortMultipartUpload,
  ListParts: listParts,
  ListMultipartUploads: listMultipartUploads,
};

/**
 * Carries out an operation. When this settles, its effect and everything its answer tells are safe from a crash.
 *
 * @throws {CosError} when COS would refuse.
 */
export async function perform(call: Call): Promise<Answer> {
  let answer: Answer | undefined;
  try {
    answer = await HANDLERS[call.operation](call);
  } finally {
    // Also a refusal tells something: that a key is there, or is not.
    await settle(call, answer);
  }
  return answer;
}

async function settle({ storage }: Call, answer: Answer | undefined): Promise<void> {
  try {
    await storage.settled();
  } catch (error) {
    answer?.[Symbol.dispose]?.();
    throw error;
  }
}
