import { Buffer } from "node:buffer";
import COS from "cos-nodejs-sdk-v5";
import type {
  ListPage,
  ObjectBody,
  ObjectHeaders,
  ObjectInfo,
  ObjectStore,
  PendingUpload,
  Stored,
  StoredPart,
} from "../../src/store/object_store.ts";
import { HTTP_FIELDS, StoreError } from "../../src/store/object_store.ts";

type Arguments<Method extends keyof ObjectStore> = Parameters<ObjectStore[Method]>;
type Headers = Record<string, string | undefined>;

/**
 * The SDK's own client behind the interface of our store, so that one contract judges both. It shares nothing with ours but
 * this interface: own transport, own signing, own XML.
 */
export class SdkStore implements ObjectStore {
  readonly #cos: COS;
  readonly #at: { Bucket: string; Region: string };

  constructor(cos: COS, at: { Bucket: string; Region: string }) {
    this.#cos = cos;
    this.#at = at;
  }

  async head(...[Key]: Arguments<"head">): Promise<ObjectInfo> {
    const { headers } = await this.#call((cos, at) => cos.headObject({ ...at, Key }));
    return infoOf(headers as Headers);
  }

  async get(...[Key, { start, ifMatch }]: Arguments<"get">): Promise<ObjectBody> {
    const { Body, headers } = await this.#call((cos, at) =>
      cos.getObject({
        ...at,
        Key,
        ...start ? { Range: `bytes=${start}-` } : {},
        ...ifMatch === undefined ? {} : { IfMatch: `"${ifMatch}"` },
      })
    );
    const fields = headers as Headers;
    const whole = /\/(\d+)$/.exec(fields["content-range"] ?? "")?.[1];
    let left: Uint8Array = Body;
    return {
      info: infoOf({ ...fields, ...whole === undefined ? {} : { "content-length": whole } }),
      length: Body.length,
      read(into) {
        if (left.length === 0) return Promise.resolve(null);
        const count = Math.min(left.length, into.length);
        into.set(left.subarray(0, count));
        left = left.subarray(count);
        return Promise.resolve(count);
      },
      [Symbol.dispose]() {},
    };
  }

  async put(...[Key, body, options]: Arguments<"put">): Promise<Stored> {
    const { contentMd5, forbidOverwrite } = options;
    const { headers } = await this.#call((cos, at) =>
      cos.putObject({
        ...at,
        Key,
        Body: Buffer.concat([...body]),
        Headers: {
          ...fieldsOf(options),
          ...contentMd5 === undefined ? {} : { "Content-MD5": contentMd5 },
          ...forbidding(forbidOverwrite),
        },
      })
    );
    return storedOf(headers as Headers);
  }

  async list(...[options]: Arguments<"list">): Promise<ListPage> {
    const { prefix, delimiter, marker, limit } = options;
    const page = await this.#call((cos, at) =>
      cos.getBucket({
        ...at,
        Prefix: prefix,
        Delimiter: delimiter,
        Marker: marker,
        MaxKeys: limit,
        EncodingType: "url",
      })
    );
    return {
      objects: page.Contents.map((row) => ({
        key: decodeURIComponent(row.Key),
        size: Number(row.Size),
        etag: unquoted(row.ETag),
        modified: new Date(row.LastModified),
        storageClass: row.StorageClass,
      })),
      prefixes: page.CommonPrefixes.map(({ Prefix }) => decodeURIComponent(Prefix)),
      nextMarker: page.NextMarker === undefined ? undefined : decodeURIComponent(page.NextMarker),
    };
  }

  async delete(...[Key]: Arguments<"delete">): Promise<void> {
    await this.#call((cos, at) => cos.deleteObject({ ...at, Key }));
  }

  async deleteMany(
    ...[keys]: Arguments<"deleteMany">
  ): Promise<readonly { key: string; code: string; message: string }[]> {
    const Objects = keys.map((Key) => ({ Key }));
    const { Error: failed } = await this.#call((cos, at) =>
      cos.deleteMultipleObject({ ...at, Objects, Quiet: true })
    );
    return failed.map((row) => ({
      key: row.Key,
      code: row.Code ?? "",
      message: row.Message ?? "",
    }));
  }

  async copy(...[from, Key, options]: Arguments<"copy">): Promise<Stored> {
    const { ifMatch, storageClass, encryption, replace, forbidOverwrite } = options;
    const answer = await this.#call((cos, at) =>
      cos.putObjectCopy({
        ...at,
        Key,
        CopySource: this.#source(from),
        ...ifMatch === undefined ? {} : { CopySourceIfMatch: `"${ifMatch}"` },
        MetadataDirective: replace ? "Replaced" : "Copy",
        Headers: {
          ...fieldsOf({ ...replace, storageClass, encryption }),
          ...forbidding(forbidOverwrite),
        },
      })
    );
    return { etag: unquoted(answer.ETag), crc64: BigInt((answer as { CRC64?: string }).CRC64!) };
  }

  async initiateUpload(...[Key, options]: Arguments<"initiateUpload">): Promise<string> {
    const Headers = fieldsOf(options);
    const answer = await this.#call((cos, at) => cos.multipartInit({ ...at, Key, Headers }));
    return answer.UploadId;
  }

  async uploadPart(...[part, body, { contentMd5 }]: Arguments<"uploadPart">): Promise<Stored> {
    const Body = Buffer.concat([...body]);
    const { headers } = await this.#call((cos, at) =>
      cos.multipartUpload({
        ...at,
        Key: part.key,
        UploadId: part.uploadId,
        PartNumber: part.partNumber,
        Body,
        ContentLength: Body.length,
        Headers: contentMd5 === undefined ? {} : { "Content-MD5": contentMd5 },
      })
    );
    return storedOf(headers as Headers);
  }

  async uploadPartCopy(...[part, source]: Arguments<"uploadPartCopy">): Promise<Stored> {
    const answer = await this.#call((cos, at) =>
      cos.uploadPartCopy({
        ...at,
        Key: part.key,
        UploadId: part.uploadId,
        PartNumber: part.partNumber,
        CopySource: this.#source(source.key),
        CopySourceRange: `bytes=${source.start}-${source.end}`,
        ...source.ifMatch === undefined ? {} : { CopySourceIfMatch: `"${source.ifMatch}"` },
      })
    );
    const { CRC64 } = answer as { CRC64?: string };
    return { etag: unquoted(answer.ETag), crc64: CRC64 === undefined ? undefined : BigInt(CRC64) };
  }

  async completeUpload(...[upload, parts, options]: Arguments<"completeUpload">): Promise<Stored> {
    const answer = await this.#call((cos, at) =>
      cos.multipartComplete({
        ...at,
        Key: upload.key,
        UploadId: upload.uploadId,
        Parts: parts.map(({ partNumber, etag }) => ({ PartNumber: partNumber, ETag: `"${etag}"` })),
        Headers: forbidding(options.forbidOverwrite),
      })
    );
    return { ...storedOf(answer.headers as Headers), etag: unquoted(answer.ETag) };
  }

  async abortUpload(...[upload]: Arguments<"abortUpload">): Promise<void> {
    try {
      await this.#call((cos, at) =>
        cos.multipartAbort({ ...at, Key: upload.key, UploadId: upload.uploadId })
      );
    } catch (error) {
      if ((error as StoreError).code !== "NoSuchUpload") throw error;
    }
  }

  async listUploads(...[{ prefix }]: Arguments<"listUploads">): Promise<readonly PendingUpload[]> {
    const answer = await this.#call((cos, at) =>
      new Promise<COS.MultipartListResult>((resolve, reject) => {
        cos.multipartList(
          { ...at, Prefix: prefix, Delimiter: "" },
          (error, data) => error ? reject(error) : resolve(data),
        );
      })
    );
    return answer.Upload.map((row) => ({
      key: row.Key,
      uploadId: row.UploadId,
      initiated: new Date(row.Initiated),
    }));
  }

  async listParts(...[upload]: Arguments<"listParts">): Promise<readonly StoredPart[]> {
    const { Part } = await this.#call((cos, at) =>
      cos.multipartListPart({ ...at, Key: upload.key, UploadId: upload.uploadId })
    );
    return Part.map((row) => ({
      partNumber: Number(row.PartNumber),
      etag: unquoted(row.ETag),
      size: Number(row.Size),
      modified: new Date(row.LastModified),
    }));
  }

  #source(key: string): string {
    const { Bucket, Region } = this.#at;
    return `${Bucket}.cos.${Region}.myqcloud.com/${encodeURIComponent(key)}`;
  }

  async #call<T>(
    act: (cos: COS, at: { Bucket: string; Region: string }) => Promise<T>,
  ): Promise<T> {
    try {
      return await act(this.#cos, this.#at);
    } catch (error) {
      const { code, statusCode, message } = error as COS.CosSdkError;
      // The contract looks at code and status only.
      throw new StoreError(`Cannot use the SDK: ${message}`, {
        kind: "invalid",
        code,
        status: statusCode,
        cause: error,
      });
    }
  }
}

function fieldsOf(headers: ObjectHeaders): Record<string, string> {
  const { contentType, httpFields, metadata = {}, storageClass, encryption } = headers;
  return {
    ...httpFields,
    ...contentType === undefined ? {} : { "Content-Type": contentType },
    ...storageClass === undefined ? {} : { "x-cos-storage-class": storageClass },
    ...encryption === undefined ? {} : { "x-cos-server-side-encryption": encryption },
    ...Object.fromEntries(
      Object.entries(metadata).map(([name, value]) => [`x-cos-meta-${name}`, value]),
    ),
  };
}

function forbidding(forbid: boolean | undefined): Record<string, string> {
  return forbid ? { "x-cos-forbid-overwrite": "true" } : {};
}

function infoOf(headers: Headers): ObjectInfo {
  return {
    ...storedOf(headers),
    size: Number(headers["content-length"]),
    modified: new Date(headers["last-modified"]!),
    storageClass: headers["x-cos-storage-class"] ?? "STANDARD",
    encryption: headers["x-cos-server-side-encryption"],
    httpFields: Object.fromEntries(
      HTTP_FIELDS.flatMap((name) => headers[name] === undefined ? [] : [[name, headers[name]]]),
    ),
    contentType: headers["content-type"],
    metadata: Object.fromEntries(
      Object.entries(headers).filter(([name]) => name.startsWith("x-cos-meta-"))
        .map(([name, value]) => [name.slice("x-cos-meta-".length), value!]),
    ),
  };
}

function storedOf(headers: Headers): Stored {
  const crc64 = headers["x-cos-hash-crc64ecma"];
  return {
    etag: unquoted(headers.etag!),
    crc64: crc64 === undefined ? undefined : BigInt(crc64),
  };
}

function unquoted(etag: string): string {
  return etag.replace(/^"(.*)"$/, "$1");
}
