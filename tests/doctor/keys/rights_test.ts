import assert from "node:assert/strict";
import type { Operation } from "../../../src/emulator/api/call.ts";
import type { Emulator } from "../../../src/emulator/emulator.ts";
import type { Finding } from "../../../src/doctor/check.ts";
import { RawClient } from "../../emulator/raw_client.ts";
import { FakeClock } from "../../fake_clock.ts";
import {
  BUCKET,
  checkAccount,
  type CheckOptions,
  findingOf,
  onlyFailure,
  SECRET,
  startBucket,
} from "./checked_bucket.ts";

const WRITING: CheckOptions = { modes: ["offline", "online", "write"] };

function deny(bucket: Emulator, operation: Operation, key?: string): Disposable {
  return bucket.faults.add({
    operation,
    key,
    fault: { kind: "error", code: "AccessDenied", status: 403 },
  });
}

/** What lies in the bucket: keys of objects and of unfinished uploads. */
async function contents(bucket: Emulator): Promise<string[]> {
  const client = clientOf(bucket);
  const path = `/${BUCKET}/`;
  const answers = await Promise.all([
    client.send({ method: "GET", path }),
    client.send({ method: "GET", path, query: { uploads: "" } }),
  ]);
  return answers.flatMap(({ text }) =>
    [...text.matchAll(/<Key>(.*?)<\/Key>/g)].map(([, key]) => key!)
  );
}

function clientOf(bucket: Emulator): RawClient {
  return new RawClient(bucket.address, { keys: SECRET, now: Date.now });
}

async function store(bucket: Emulator, key: string, body: string): Promise<void> {
  const { status } = await clientOf(bucket).send({
    method: "PUT",
    path: `/${BUCKET}/${key}`,
    body,
  });
  assert.equal(status, 200);
}

function missingIn({ data }: Finding): unknown {
  return data?.missing;
}

Deno.test("keys that may not look up, read or follow uploads lack those actions by name", async () => {
  for (
    const [operation, check] of [
      ["HeadObject", "rights.read"],
      ["GetObject", "rights.read"],
      ["ListMultipartUploads", "rights.uploads"],
      ["ListParts", "rights.uploads"],
    ] as const
  ) {
    await using bucket = await startBucket();
    using _denial = deny(bucket, operation);
    const failure = onlyFailure(await checkAccount(bucket.address));
    assert.equal(failure.check, check);
    assert.deepEqual(missingIn(failure), [`name/cos:${operation}`]);
    assert.match(failure.remedy!.commands![0]!, new RegExp(`"name/cos:${operation}"`));
  }
});

Deno.test("what is refused because it does not exist was let through, whatever COS calls that", async () => {
  await using bucket = await startBucket();
  for (const operation of ["ListParts", "AbortMultipartUpload"] as const) {
    const fault = { kind: "error", code: "InvalidArgument", status: 400 } as const;
    bucket.faults.add({ operation, times: 1, fault });
  }
  const findings = await checkAccount(bucket.address, WRITING);
  assert.ok(findings.every(({ status }) => status === "pass"), JSON.stringify(findings, null, 1));
});

Deno.test("a COS that fails meanwhile says nothing of permissions", async () => {
  await using bucket = await startBucket();
  using _fault = bucket.faults.add({
    operation: "ListParts",
    fault: { kind: "error", code: "InternalError", status: 500 },
  });
  const failure = onlyFailure(await checkAccount(bucket.address));
  assert.equal(failure.check, "rights.uploads");
  assert.equal(failure.summary, "COS refuses: InternalError");
});

Deno.test("actions that the account's authority does not need are not asked for", async () => {
  await using bucket = await startBucket();
  using _uploads = deny(bucket, "ListMultipartUploads");
  using _put = deny(bucket, "PutObject");
  const findings = await checkAccount(bucket.address, { ...WRITING, settings: { authority: "R" } });
  assert.ok(findings.every(({ status }) => status === "pass"), JSON.stringify(findings, null, 1));
});

Deno.test("the canary is written only with --write, and removed", async () => {
  await using bucket = await startBucket();
  await checkAccount(bucket.address);
  assert.equal(bucket.traffic.count("PutObject").begun, 0);
  const settings = { key_prefix: "team/a", sse: "AES256" };
  const findings = await checkAccount(bucket.address, { ...WRITING, settings });
  assert.ok(findings.every(({ status }) => status === "pass"), JSON.stringify(findings, null, 1));
  assert.match(
    findingOf(findings, "rights.write").summary,
    /^The keys may do (?=.*PutObject,)(?=.*PutObjectCopy)(?=.*UploadPartCopy)(?=.*CompleteM)(?=.*DeleteM)/,
  );
  assert.match(
    findingOf(findings, "rights.records").summary,
    /below team\/a\/\.cosftp\/uploads\/$/,
  );
  assert.deepEqual(await contents(bucket), []);
});

for (
  const operation of [
    "PutObject",
    "PutObjectCopy",
    "DeleteMultipleObjects",
    "InitiateMultipartUpload",
    "UploadPart",
    "UploadPartCopy",
    "CompleteMultipartUpload",
    "AbortMultipartUpload",
  ] as const
) {
  Deno.test(`keys that may not do ${operation} lack it by name, and nothing is left`, async () => {
    await using bucket = await startBucket();
    using _denial = deny(bucket, operation, "*cosftp-check-*");
    using _bucketWide = operation === "DeleteMultipleObjects" ? deny(bucket, operation) : undefined;
    const failure = onlyFailure(await checkAccount(bucket.address, WRITING));
    assert.equal(failure.check, "rights.write");
    assert.deepEqual(missingIn(failure), [`name/cos:${operation}`]);
    assert.match(failure.summary, /^AccessDenied: /);
    assert.deepEqual(await contents(bucket), []);
  });
}

Deno.test("no upload is begun that could not be aborted", async () => {
  await using bucket = await startBucket();
  using _abort = deny(bucket, "AbortMultipartUpload");
  using _complete = deny(bucket, "CompleteMultipartUpload");
  const failure = onlyFailure(await checkAccount(bucket.address, WRITING));
  assert.deepEqual(missingIn(failure), ["name/cos:AbortMultipartUpload"]);
  assert.deepEqual(await contents(bucket), []);
});

Deno.test("keys that may not delete write no canary, and it matters less where the account may neither", async () => {
  for (
    const [deleting, renaming, status] of [
      ["true", "false", "fail"],
      ["false", "true", "fail"],
      ["false", "false", "warn"],
    ] as const
  ) {
    await using bucket = await startBucket();
    using _denial = deny(bucket, "DeleteObject");
    const settings = { delete_enable: deleting, rename_enable: renaming };
    const findings = await checkAccount(bucket.address, { ...WRITING, settings });
    const finding = findingOf(findings, "rights.write");
    assert.equal(finding.status, status);
    assert.deepEqual(missingIn(finding), ["name/cos:DeleteObject"]);
    assert.match(finding.detail!, /^Nothing was written/);
    assert.equal(bucket.traffic.count("PutObject").begun, 0);
  }
});

Deno.test("what only directory renames need is not asked of an account that may not rename", async () => {
  await using bucket = await startBucket();
  using _denial = deny(bucket, "DeleteMultipleObjects");
  const settings = { rename_enable: "false" };
  const findings = await checkAccount(bucket.address, { ...WRITING, settings });
  assert.ok(findings.every(({ status }) => status === "pass"), JSON.stringify(findings, null, 1));
  assert.deepEqual(await contents(bucket), []);
});

Deno.test("keys that may not keep records of uploads are warned of what resuming then comes to", async () => {
  for (const operation of ["PutObject", "GetObject", "DeleteObject"] as const) {
    await using bucket = await startBucket();
    using _denial = deny(bucket, operation, "*.cosftp/*");
    const findings = await checkAccount(bucket.address, WRITING);
    const { status, summary, detail, data } = findingOf(findings, "rights.records");
    assert.equal(status, "warn");
    assert.match(summary, new RegExp(`^AccessDenied: .*name/cos:${operation}$`));
    assert.match(detail!, /interrupted_upload = discard/);
    assert.deepEqual(data!.missing, [`name/cos:${operation}`]);
    assert.ok(findings.every(({ status }) => status !== "fail"));
  }
});

Deno.test("what COS stores otherwise than it was sent is named", async () => {
  await using bucket = await startBucket();
  using _fault = bucket.faults.add({ operation: "PutObject", fault: { kind: "corrupt-checksum" } });
  const failure = onlyFailure(await checkAccount(bucket.address, WRITING));
  assert.match(failure.summary, /^What COS stored is not what was sent: PutObject: CRC64 is \d+/);
  assert.deepEqual(await contents(bucket), []);
});

Deno.test("a canary that cannot be removed is named", async () => {
  await using bucket = await startBucket();
  // The first one finds out whether it may, the others are to remove.
  using _denial = bucket.faults.add({
    operation: "DeleteObject",
    key: ".cosftp-check-*",
    skip: 1,
    fault: { kind: "error", code: "AccessDenied", status: 403 },
  });
  const findings = await checkAccount(bucket.address, WRITING);
  const failure = findings.find(({ status }) => status === "fail");
  assert.match(failure!.summary, /^The canary could not be removed: \.cosftp-check-/);
  assert.match(failure!.detail!, /AccessDenied/);
  assert.match(failure!.remedy!.text, /in the console/);
});

Deno.test("the canary is removed also when the checks are interrupted", async () => {
  for (const operation of ["UploadPart", "PutObjectCopy", "CompleteMultipartUpload"] as const) {
    await using bucket = await startBucket();
    using _fault = bucket.faults.add({ operation, fault: { kind: "timeout" } });
    const interruption = new AbortController();
    const checks = ["rights.write"];
    const checking = checkAccount(bucket.address, {
      ...WRITING,
      checks,
      signal: interruption.signal,
    });
    await bucket.traffic.begun(operation);
    interruption.abort();
    const finding = findingOf(await checking, "rights.write");
    assert.equal(finding.status, "fail");
    assert.match(finding.summary, /^The canary was not tried to its end/);
    assert.deepEqual(await contents(bucket), [], operation);
  }
});

Deno.test("a canary that COS cannot be asked to remove in time is named", async () => {
  await using bucket = await startBucket();
  const clock = new FakeClock(Date.now());
  using _hanging = bucket.faults.add({ operation: "UploadPart", fault: { kind: "timeout" } });
  using _deaf = bucket.faults.add({
    operation: "DeleteObject",
    key: ".cosftp-check-*",
    skip: 1,
    fault: { kind: "timeout" },
  });
  const interruption = new AbortController();
  const checking = checkAccount(bucket.address, {
    ...WRITING,
    checks: ["rights.write"],
    clock,
    signal: interruption.signal,
  });
  await bucket.traffic.begun("UploadPart");
  interruption.abort();
  await bucket.traffic.begun("DeleteObject", 4);
  clock.advance(8_000);
  const [left] = await contents(bucket);
  const [, finding] = (await checking).filter(({ check }) => check === "rights.write");
  assert.equal(finding!.summary, `The canary could not be removed: ${left}*`);
});

Deno.test("a record that cannot be removed is named, also when the checks are interrupted", async () => {
  for (const isInterrupted of [false, true]) {
    await using bucket = await startBucket();
    // The first one finds out whether it may, the other is to remove.
    using _denial = bucket.faults.add({
      operation: "DeleteObject",
      skip: 1,
      fault: { kind: "error", code: "AccessDenied", status: 403 },
    });
    using _hanging = isInterrupted
      ? bucket.faults.add({ operation: "GetObject", key: "*/check-*", fault: { kind: "timeout" } })
      : undefined;
    const interruption = new AbortController();
    const checking = checkAccount(bucket.address, {
      ...WRITING,
      checks: ["rights.records"],
      signal: interruption.signal,
    });
    if (isInterrupted) {
      await bucket.traffic.begun("GetObject");
      interruption.abort();
    }
    const findings = (await checking).filter(({ check }) => check === "rights.records");
    const [left] = await contents(bucket);
    assert.equal(findings.at(-1)!.status, "fail");
    assert.equal(findings.at(-1)!.summary, `The canary could not be removed: ${left}*`);
  }
});

Deno.test("an upload whose beginning nobody heard of is aborted too", async () => {
  await using bucket = await startBucket();
  using _fault = bucket.faults.add({
    operation: "InitiateMultipartUpload",
    fault: { kind: "lose-answer" },
  });
  const findings = await checkAccount(bucket.address, WRITING);
  assert.match(findingOf(findings, "rights.write").summary, /^COS refuses: ConnectionLost$/);
  assert.deepEqual(await contents(bucket), []);
});

Deno.test("objects of a sample are compared with what COS says of them", async () => {
  await using bucket = await startBucket();
  for (const key of ["a.txt", "b.txt", "c.txt", "d/", ".cosftp/uploads/x"]) {
    await store(bucket, key, key === "d/" ? "" : `this is ${key}`);
  }
  const { status, data } = findingOf(await checkAccount(bucket.address), "object.sample");
  assert.equal(status, "pass");
  assert.deepEqual((data!.keys as string[]).toSorted(), ["a.txt", "b.txt", "c.txt"]);
  const one = await checkAccount(bucket.address, { sample: 1 });
  assert.equal((findingOf(one, "object.sample").data!.keys as string[]).length, 1);
  const none = await checkAccount(bucket.address, { sample: 0 });
  assert.ok(none.every(({ check }) => check !== "object.sample"));
});

Deno.test("a sample takes no canary of a check", async () => {
  await using bucket = await startBucket();
  for (const key of ["team/.cosftp-check-1", "team/.cosftp-check-1-copy", "team/a.txt"]) {
    await store(bucket, key, "x");
  }
  const settings = { key_prefix: "team/" };
  const { data } = findingOf(await checkAccount(bucket.address, { settings }), "object.sample");
  assert.deepEqual(data, { keys: ["team/a.txt"] });
});

Deno.test("a sample is taken also where rights that only writing needs are missing", async () => {
  await using bucket = await startBucket();
  await store(bucket, "a.txt", "x");
  using _denial = deny(bucket, "ListMultipartUploads");
  const { status, data } = findingOf(await checkAccount(bucket.address), "object.sample");
  assert.deepEqual([status, data], ["pass", { keys: ["a.txt"] }]);
});

Deno.test("objects that are gone when they are read are not counted as whole", async () => {
  await using bucket = await startBucket();
  for (const key of ["a.txt", "b.txt"]) await store(bucket, key, "x");
  const fault = { kind: "error", code: "NoSuchKey", status: 404 } as const;
  bucket.faults.add({ operation: "GetObject", key: "a.txt", fault });
  const one = findingOf(await checkAccount(bucket.address), "object.sample");
  assert.match(one.summary, /^1 of 2 objects looked at are whole/);
  assert.deepEqual(one.data, { keys: ["b.txt"] });
  bucket.faults.add({ operation: "GetObject", key: "b.txt", fault });
  const none = findingOf(await checkAccount(bucket.address), "object.sample");
  assert.equal(none.status, "skip");
  assert.match(none.summary, /replaced or removed meanwhile$/);
});

Deno.test("an object whose bytes are not those of its CRC64 is named", async () => {
  await using bucket = await startBucket();
  await store(bucket, "a.txt", "this is whole");
  using _fault = bucket.faults.add({
    operation: "GetObject",
    key: "a.txt",
    fault: { kind: "corrupt-answer" },
  });
  const failure = onlyFailure(await checkAccount(bucket.address));
  assert.equal(failure.check, "object.sample");
  assert.match(
    failure.summary,
    /^a\.txt is not what COS says it is: CRC64 is \d+, its bytes have \d+$/,
  );
});

Deno.test("of a large object the end is read, which has no CRC64", async () => {
  await using bucket = await startBucket();
  await store(bucket, "large", "x".repeat(9 * 1024 ** 2));
  using _fault = bucket.faults.add({
    operation: "GetObject",
    key: "large",
    fault: { kind: "corrupt-answer" },
  });
  const { status, data } = findingOf(await checkAccount(bucket.address), "object.sample");
  assert.deepEqual([status, data], ["pass", { keys: ["large"] }]);
});

Deno.test("archived objects are not read", async () => {
  await using bucket = await startBucket();
  const headers = { "x-cos-storage-class": "DEEP_ARCHIVE" };
  await clientOf(bucket).send({ method: "PUT", path: `/${BUCKET}/old`, body: "x", headers });
  const { status, summary } = findingOf(await checkAccount(bucket.address), "object.sample");
  assert.deepEqual([status, summary], [
    "pass",
    "None of the first 1 objects can be read: they are archived",
  ]);
});
