import { createHash } from "node:crypto";
import type { HttpResponse } from "../../net/http_client.ts";
import type {
  ListPage,
  ObjectBody,
  ObjectHeaders,
  ObjectInfo,
  ObjectStore,
  PendingUpload,
  Stored,
  StoredPart,
} from "../object_store.ts";
import {
  listPage,
  objectInfo,
  partsPage,
  required,
  stored,
  tooManyRows,
  type UploadMarker,
  uploadsPage,
  wholeSize,
} from "./answers.ts";
import { bodyError, type CosClient, encodePath } from "./cos_client.ts";
import { childrenOf, escapeXml, textOf } from "./xml.ts";

/** Rows of one page: the most that COS gives. */
const PAGE = 1000;

/** Most rows of a listing that is collected. */
const ROWS_MAX = 100_000;

const encoder = new TextEncoder();

type Arguments<Method extends keyof ObjectStore> = Parameters<ObjectStore[Method]>;

/** One bucket of COS. Each method is one operation of COS's API documentation. */
export class CosStore implements ObjectStore {
  readonly #client: CosClient;
  readonly #bucket: string;

  constructor(client: CosClient, options: { bucket: string }) {
    this.#client = client;
    this.#bucket = options.bucket;
  }

  async head(...[key, { signal }]: Arguments<"head">): Promise<ObjectInfo> {
    const action = `Cannot look up ${key}`;
    const fields = await this.#client.send({ action, method: "HEAD", key, signal });
    return objectInfo(fields, Number(fields.get("content-length")), action);
  }

  async get(...[key, { signal, start, ifMatch }]: Arguments<"get">): Promise<ObjectBody> {
    const action = `Cannot read ${key}`;
    const headers = {
      ...start ? { range: `bytes=${start}-` } : {},
      ...ifMatch === undefined ? {} : { "if-match": `"${ifMatch}"` },
    };
    const response = await this.#client.open({ action, method: "GET", key, headers, signal });
    try {
      const length = response.length ?? NaN;
      const size = start ? wholeSize(response, { start, action }) : length;
      const info = objectInfo(response.fields, size, action);
      return new CosBody(response, { action, info, length });
    } catch (error) {
      response[Symbol.dispose]();
      throw error;
    }
  }

  async put(...[key, body, options]: Arguments<"put">): Promise<Stored> {
    const action = `Cannot store ${key}`;
    const { signal, contentMd5, forbidOverwrite } = options;
    const headers = {
      ...objectFields(options),
      ...contentMd5 === undefined ? {} : { "content-md5": contentMd5 },
      ...overwriteField(forbidOverwrite),
    };
    const fields = await this.#client.send({ action, method: "PUT", key, headers, body, signal });
    return stored(fields, action);
  }

  async list(...[options]: Arguments<"list">): Promise<ListPage> {
    const { prefix, delimiter, marker, limit = PAGE, signal } = options;
    const answer = await this.#client.query({
      action: `Cannot list ${prefix || "the bucket"}`,
      method: "GET",
      query: {
        ...prefix ? { prefix } : {},
        ...delimiter ? { delimiter } : {},
        ...marker ? { marker } : {},
        "max-keys": String(limit),
        "encoding-type": "url",
      },
      signal,
    });
    return listPage(answer, marker ?? "");
  }

  async delete(...[key, { signal }]: Arguments<"delete">): Promise<void> {
    await this.#client.send({ action: `Cannot remove ${key}`, method: "DELETE", key, signal });
  }

  async deleteMany(
    ...[keys, { signal }]: Arguments<"deleteMany">
  ): Promise<readonly { key: string; code: string; message: string }[]> {
    const rows = keys.map((key) => `<Object><Key>${escapeXml(key)}</Key></Object>`).join("");
    const body = encoder.encode(`<Delete><Quiet>true</Quiet>${rows}</Delete>`);
    const { root } = await this.#client.query({
      action: `Cannot remove ${keys.length} objects`,
      method: "POST",
      query: { delete: "" },
      headers: {
        "content-md5": createHash("md5").update(body).digest("base64"),
        "content-type": "application/xml",
      },
      body: [body],
      signal,
    });
    return childrenOf(root, "Error").map((row) => ({
      key: textOf(row, "Key") ?? "",
      code: textOf(row, "Code") ?? "",
      message: textOf(row, "Message") ?? "",
    }));
  }

  async copy(...[from, to, options]: Arguments<"copy">): Promise<Stored> {
    const { signal, ifMatch, storageClass, encryption, replace, forbidOverwrite } = options;
    const action = `Cannot copy ${from} to ${to}`;
    const { root, fields } = await this.#client.query({
      action,
      method: "PUT",
      key: to,
      headers: {
        ...await this.#copySource(from, ifMatch),
        "x-cos-metadata-directive": replace ? "Replaced" : "Copy",
        ...objectFields({ ...replace, storageClass, encryption }),
        ...overwriteField(forbidOverwrite),
      },
      signal,
      slow: true,
    });
    return stored(fields, action, root);
  }

  async initiateUpload(...[key, options]: Arguments<"initiateUpload">): Promise<string> {
    const answer = await this.#client.query({
      action: `Cannot begin the upload of ${key}`,
      method: "POST",
      key,
      query: { uploads: "" },
      headers: objectFields(options),
      signal: options.signal,
      repeatable: false,
    });
    return required(answer.root, "UploadId", answer);
  }

  async uploadPart(...[part, body, options]: Arguments<"uploadPart">): Promise<Stored> {
    const action = `Cannot store part ${part.partNumber} of ${part.key}`;
    const { signal, contentMd5 } = options;
    const fields = await this.#client.send({
      action,
      method: "PUT",
      key: part.key,
      query: partQuery(part),
      headers: contentMd5 === undefined ? {} : { "content-md5": contentMd5 },
      body,
      signal,
    });
    return stored(fields, action);
  }

  async uploadPartCopy(
    ...[part, source, { signal }]: Arguments<"uploadPartCopy">
  ): Promise<Stored> {
    const action = `Cannot copy part ${part.partNumber} of ${part.key}`;
    const { root, fields } = await this.#client.query({
      action,
      method: "PUT",
      key: part.key,
      query: partQuery(part),
      headers: {
        ...await this.#copySource(source.key, source.ifMatch),
        "x-cos-copy-source-range": `bytes=${source.start}-${source.end}`,
      },
      signal,
      slow: true,
    });
    return stored(fields, action, root);
  }

  async completeUpload(...[upload, parts, options]: Arguments<"completeUpload">): Promise<Stored> {
    const action = `Cannot complete the upload of ${upload.key}`;
    const rows = parts.map(({ partNumber, etag }) =>
      `<Part><PartNumber>${partNumber}</PartNumber><ETag>"${escapeXml(etag)}"</ETag></Part>`
    );
    const xml = `<CompleteMultipartUpload>${rows.join("")}</CompleteMultipartUpload>`;
    const { root, fields } = await this.#client.query({
      action,
      method: "POST",
      key: upload.key,
      query: { uploadId: upload.uploadId },
      headers: { "content-type": "application/xml", ...overwriteField(options.forbidOverwrite) },
      body: [encoder.encode(xml)],
      signal: options.signal,
      repeatable: false,
      slow: true,
    });
    return stored(fields, action, root);
  }

  async abortUpload(...[upload, { signal }]: Arguments<"abortUpload">): Promise<void> {
    try {
      await this.#client.send({
        action: `Cannot abort the upload of ${upload.key}`,
        method: "DELETE",
        key: upload.key,
        query: { uploadId: upload.uploadId },
        signal,
      });
    } catch (error) {
      if (!isNoSuchUpload(error)) throw error;
    }
  }

  async listUploads(
    ...[{ prefix, signal }]: Arguments<"listUploads">
  ): Promise<readonly PendingUpload[]> {
    const uploads: PendingUpload[] = [];
    let marker: UploadMarker | undefined;
    do {
      const answer = await this.#client.query({
        action: `Cannot list the uploads below ${prefix || "the bucket"}`,
        method: "GET",
        query: {
          uploads: "",
          ...prefix ? { prefix } : {},
          "encoding-type": "url",
          "max-uploads": String(PAGE),
          ...marker && { "key-marker": marker.key, "upload-id-marker": marker.uploadId },
        },
        signal,
      });
      const page = uploadsPage(answer, marker);
      uploads.push(...page.uploads);
      if (uploads.length > ROWS_MAX) throw tooManyRows(answer);
      marker = page.next;
    } while (marker);
    return uploads;
  }

  async listParts(...[upload, { signal }]: Arguments<"listParts">): Promise<readonly StoredPart[]> {
    const parts: StoredPart[] = [];
    let marker: number | undefined;
    do {
      const answer = await this.#client.query({
        action: `Cannot list the parts of ${upload.key}`,
        method: "GET",
        key: upload.key,
        query: {
          uploadId: upload.uploadId,
          "max-parts": String(PAGE),
          ...marker === undefined ? {} : { "part-number-marker": String(marker) },
        },
        signal,
      });
      const page = partsPage(answer, marker ?? 0);
      parts.push(...page.parts);
      if (parts.length > ROWS_MAX) throw tooManyRows(answer);
      marker = page.next;
    } while (marker !== undefined);
    return parts;
  }

  async #copySource(key: string, ifMatch: string | undefined): Promise<Record<string, string>> {
    const host = await this.#client.copySourceHost(this.#bucket);
    return {
      "x-cos-copy-source": `${host}/${encodePath(key)}`,
      ...ifMatch === undefined ? {} : { "x-cos-copy-source-if-match": `"${ifMatch}"` },
    };
  }
}

/** A GET's body; it breaks with a {@linkcode StoreError}. */
class CosBody implements ObjectBody {
  readonly info: ObjectInfo;
  readonly length: number;
  readonly #response: HttpResponse;
  readonly #action: string;

  constructor(
    response: HttpResponse,
    options: { action: string; info: ObjectInfo; length: number },
  ) {
    this.#response = response;
    this.#action = options.action;
    this.info = options.info;
    this.length = options.length;
  }

  async read(into: Uint8Array): Promise<number | null> {
    try {
      return await this.#response.read(into);
    } catch (error) {
      throw bodyError(this.#action, error);
    }
  }

  [Symbol.dispose](): void {
    this.#response[Symbol.dispose]();
  }
}

function objectFields(headers: ObjectHeaders): Record<string, string> {
  const { contentType, httpFields, metadata = {}, storageClass, encryption } = headers;
  const fields: Record<string, string> = { ...httpFields };
  if (contentType !== undefined) fields["content-type"] = contentType;
  if (storageClass !== undefined) fields["x-cos-storage-class"] = storageClass;
  if (encryption !== undefined) fields["x-cos-server-side-encryption"] = encryption;
  for (const [name, value] of Object.entries(metadata)) fields[`x-cos-meta-${name}`] = value;
  return fields;
}

function overwriteField(forbid: boolean | undefined): Record<string, string> {
  return forbid ? { "x-cos-forbid-overwrite": "true" } : {};
}

function partQuery(part: { uploadId: string; partNumber: number }): Record<string, string> {
  return { partNumber: String(part.partNumber), uploadId: part.uploadId };
}

function isNoSuchUpload(error: unknown): boolean {
  return (error as { code?: string }).code === "NoSuchUpload";
}
