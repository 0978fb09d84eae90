import type { StoreError } from "../../store/object_store.ts";
import type { Check, Json, Outcome } from "../check.ts";
import type { AccountSubject } from "./account_subject.ts";
import { describeRefusal, isDenied, missingActions, refusalOf } from "./refusal.ts";
import { findRegion } from "./regions.ts";

const exists: Check<AccountSubject> = {
  id: "bucket.exists",
  title: "The bucket exists",
  needs: ["endpoint.tls"],
  mode: "online",
  async run(subject, { signal, found }) {
    const { bucket, region, endpoint } = subject.account;
    const { code, status, region: named } = found("endpoint.tls")[0]?.data ?? {};
    const answer = typeof code === "string" ? code : `status ${status}`;
    if (Number(status) >= 500) {
      return [{
        status: "fail",
        summary: `COS cannot say whether the bucket exists: ${answer}`,
        remedy: { text: "COS is in trouble, or throttles: run it again in a while" },
        data: { code: answer },
      }];
    }
    const isRedirect = Number(status) >= 300 && Number(status) < 400;
    if (code !== "NoSuchBucket" && !isRedirect) {
      return [{ status: "pass", summary: `${bucket} exists`, data: { region: region ?? null } }];
    }
    const isElsewhere = typeof named === "string" && named !== region;
    const actual = isElsewhere
      ? named
      : endpoint === undefined
      ? await findRegion(subject, signal)
      : undefined;
    if (actual) {
      const summary = `${bucket} exists, but not here (${answer})`;
      return [{ status: "pass", summary, data: { region: actual, code: answer } }];
    }
    const where = endpoint === undefined ? "no region has" : `${endpoint} does not have`;
    return [{
      status: "fail",
      summary: `${answer}: ${where} a bucket ${bucket}`,
      remedy: {
        text:
          "Write the bucket's full name as the console's list of buckets shows it, with -APPID at its end",
        commands: [`cos_bucket = BUCKETNAME-${bucket.slice(bucket.lastIndexOf("-") + 1)}`],
      },
      data: { code: answer },
    }];
  },
};

const region: Check<AccountSubject> = {
  id: "bucket.region",
  title: "The bucket is in the region that the configuration says",
  needs: ["bucket.exists"],
  mode: "online",
  run({ account: { bucket, region, endpoint } }, { found }) {
    const { region: actual, code = null } = found("bucket.exists")[0]?.data ?? {};
    if (typeof actual !== "string" || (actual === region && code === null)) {
      return endpoint === undefined
        ? [{ status: "pass", summary: `${bucket} is in ${region}` }]
        : [{ status: "pass", summary: `${bucket} is at ${endpoint}` }];
    }
    return [{
      status: "fail",
      summary: `${code}: ${bucket} is in ${actual}, not in ${region ?? endpoint}`,
      remedy: {
        text: endpoint === undefined ? "Write" : "In place of cos_endpoint write",
        commands: [`cos_region = ${actual}`],
      },
      data: { region: actual, code },
    }];
  },
};

const id: Check<AccountSubject> = {
  id: "key.id",
  title: "COS knows the SecretId",
  needs: ["bucket.region"],
  mode: "online",
  async run({ store, account }, { signal }) {
    const listing = store.list({ prefix: account.keyPrefix, limit: 1, signal });
    const refusal = await refusalOf(listing);
    const data = refusalData(refusal);
    if (refusal?.code === "InvalidAccessKeyId") {
      return [{
        status: "fail",
        summary: "InvalidAccessKeyId: COS does not know the SecretId",
        detail: describeRefusal(refusal),
        remedy: {
          text:
            "Copy cos_secretid anew from the console's page of API keys (CAM, API Keys), and see that the key is " +
            "enabled there. A temporary key also needs its cos_token",
        },
        data,
      }];
    }
    if (refusal?.code === "NoKeys") {
      return [{
        status: "fail",
        summary: "NoKeys: there are no keys to ask COS with",
        detail: refusal.message,
        remedy: {
          text:
            "See that the file of cos_credentials_file is there and holds keys that have not ended, or that this " +
            "machine has the role of cos_cam_role",
        },
        data,
      }];
    }
    if (refusal && refusal.status === undefined) {
      return [{
        status: "fail",
        summary: `COS could not be asked: ${refusal.code}`,
        detail: describeRefusal(refusal),
        remedy: { text: "See whether the way to COS holds: run it again" },
        data,
      }];
    }
    return [{ status: "pass", summary: "COS knows the SecretId", data }];
  },
};

const signature: Check<AccountSubject> = {
  id: "key.signature",
  title: "COS accepts what the SecretKey signs",
  needs: ["key.id"],
  mode: "online",
  run(_, { found }) {
    const { code, message } = found("key.id")[0]?.data ?? {};
    if (code === "SignatureDoesNotMatch") {
      return [{
        status: "fail",
        summary: "SignatureDoesNotMatch: the SecretKey is not that of the SecretId",
        detail: textOf(message),
        remedy: {
          text:
            "Copy cos_secretkey anew from the console's page of API keys, the same row as the SecretId. A key that has " +
            "# or ; in it, or a blank at its end, stands in quotes",
        },
        data: { code },
      }];
    }
    if (code === "RequestTimeTooSkewed" || isPastItsTime(code, message)) {
      return [{
        status: "fail",
        summary: `${code}: the signature's time is not COS's`,
        detail: textOf(message),
        remedy: { text: "Set this machine's clock right", commands: ["timedatectl set-ntp true"] },
        data: { code: textOf(code) ?? null },
      }];
    }
    return [{ status: "pass", summary: "COS accepts the signature" }];
  },
};

const token: Check<AccountSubject> = {
  id: "key.token",
  title: "A temporary key has not expired",
  needs: ["key.id"],
  mode: "online",
  run(_, { found }) {
    const { code, message } = found("key.id")[0]?.data ?? {};
    if (typeof code !== "string" || !/^(?:Expired|Invalid)Token$/.test(code)) return [];
    return [{
      status: "fail",
      summary: `${code}: the temporary key has expired, or its token is another key's`,
      detail: textOf(message),
      remedy: {
        text:
          "Put in a fresh SecretId, SecretKey and token of one answer of STS. For a gateway that runs for longer, use " +
          "keys that do not expire or are renewed by themselves",
      },
      data: { code },
    }];
  },
};

const list: Check<AccountSubject> = {
  id: "bucket.list",
  title: "The keys may list the bucket below the key prefix",
  needs: ["key.signature", "key.token"],
  mode: "online",
  async run({ store, account }, { signal }) {
    const { keyPrefix, bucket } = account;
    const refusal = await refusalOf(
      store.list({ prefix: keyPrefix, delimiter: "/", limit: 1, signal }),
    );
    const where = keyPrefix === "" ? bucket : `${bucket}/${keyPrefix}`;
    if (!refusal) return [{ status: "pass", summary: `${where} can be listed` }];
    if (isDenied(refusal)) return [missingActions(account, ["GetBucket"], { refusals: [refusal] })];
    return [otherRefusal(refusal)];
  },
};

/** The checks from the bucket's name to a signed request that is let through. */
export const IDENTITY_CHECKS: readonly Check<AccountSubject>[] = [
  exists,
  region,
  id,
  signature,
  token,
  list,
];

/** A refusal that has no finding of its own. */
export function otherRefusal(refusal: StoreError): Outcome {
  return {
    status: "fail",
    summary: `COS refuses: ${refusal.code}`,
    detail: describeRefusal(refusal),
    remedy: {
      text:
        "COS's document of error codes (https://www.tencentcloud.com/document/product/436/7730) says what it means; its " +
        "support can look up the request",
    },
    data: refusalData(refusal),
  };
}

function refusalData(refusal: StoreError | undefined): Record<string, Json> {
  return { code: refusal?.code ?? null, message: refusal ? describeRefusal(refusal) : null };
}

/** COS says so by a message only. */
function isPastItsTime(code: unknown, message: unknown): boolean {
  return code === "AccessDenied" && typeof message === "string" &&
    message.includes("Request has expired");
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
