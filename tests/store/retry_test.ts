import assert from "node:assert/strict";
import { nextTurn } from "../../src/net/connection.ts";
import { retrying } from "../../src/store/cos/retry.ts";
import { StoreError, type StoreErrorKind, uninterrupted } from "../../src/store/object_store.ts";
import { FakeClock } from "../fake_clock.ts";
import { answer, CosStandIn, refusal, STORED, storeFailure } from "./cos_stand_in.ts";

const free = uninterrupted();

function failing(kind: StoreErrorKind, mayHaveHappened = false): StoreError {
  return new StoreError("Cannot: x", { kind, code: "X", mayHaveHappened });
}

/** Runs a call that always fails, turning the clock whenever it waits. @returns the pauses. */
async function pausesOf(
  error: Error,
  options: { repeatable?: boolean; random?: () => number } = {},
): Promise<{ pauses: number[]; thrown: unknown }> {
  const clock = new FakeClock();
  const pauses: number[] = [];
  const schedule = clock.schedule.bind(clock);
  clock.schedule = (milliseconds, callback) => {
    pauses.push(milliseconds);
    const timer = schedule(milliseconds, callback);
    queueMicrotask(() => clock.advance(milliseconds));
    return timer;
  };
  const thrown = await retrying(() => Promise.reject(error), {
    repeatable: options.repeatable ?? true,
    clock,
    random: options.random ?? (() => 1),
    signal: free.signal,
    onRetry: () => {},
  }).catch((error) => error);
  return { pauses, thrown };
}

Deno.test("pauses between tries double, and chance shortens them", async () => {
  assert.deepEqual((await pausesOf(failing("throttled"))).pauses, [100, 200, 400, 800]);
  const half = await pausesOf(failing("unavailable"), { random: () => 0.5 });
  assert.deepEqual(half.pauses, [50, 100, 200, 400]);
});

for (const kind of ["not-found", "denied", "conflict", "invalid"] as const) {
  Deno.test(`failure of kind ${kind} is not tried again`, async () => {
    const error = failing(kind);
    assert.deepEqual(await pausesOf(error), { pauses: [], thrown: error });
  });
}

Deno.test("body that arrived damaged is sent three times", async () => {
  const error = failing("corrupt");
  assert.deepEqual(await pausesOf(error), { pauses: [100, 200], thrown: error });
});

Deno.test("what is no failure of the store is not tried again", async () => {
  const error = new TypeError("x");
  assert.deepEqual(await pausesOf(error), { pauses: [], thrown: error });
});

Deno.test("call in doubt is tried again only when it may be repeated", async () => {
  const error = failing("unavailable", true);
  assert.equal((await pausesOf(error)).pauses.length, 4);
  assert.deepEqual(await pausesOf(error, { repeatable: false }), { pauses: [], thrown: error });
  const sure = failing("unavailable", false);
  assert.equal((await pausesOf(sure, { repeatable: false })).pauses.length, 4);
});

Deno.test("abort ends a pause with the signal's reason", async () => {
  const clock = new FakeClock();
  const abort = new AbortController();
  const reason = new Error("enough");
  const call = retrying(() => Promise.reject(failing("throttled")), {
    repeatable: true,
    clock,
    random: () => 1,
    signal: abort.signal,
    onRetry: () => queueMicrotask(() => abort.abort(reason)),
  });
  await assert.rejects(call, (error) => error === reason);
  assert.equal(clock.pending, 0);
});

for (
  const [what, failure] of [
    ["503 SlowDown", refusal("503 Slow Down", "SlowDown")],
    ["500 InternalError", refusal("500 Internal Server Error", "InternalError")],
    ["a gateway's 502 page", answer("502 Bad Gateway", { body: "<html><br></html>" })],
    ["429", answer("429 Too Many Requests")],
    ["a connection closed without an answer", undefined],
  ] as const
) {
  Deno.test(`PUT is sent again after ${what}, with the same bytes`, async () => {
    await using cos = new CosStandIn((_, number) => number < 5 ? failure : STORED);
    const body = [new Uint8Array([1, 2]), new Uint8Array([3])];
    const stored = await cos.store.put("a", body, free);
    assert.deepEqual(stored, { etag: "e1", crc64: 18446744073709551615n, requestId: "NjRl" });
    assert.equal(cos.requests.length, 5);
    for (const request of cos.requests) assert.deepEqual([...request.body], [1, 2, 3]);
    assert.ok(cos.log.lines.every(({ message }) => message === "A request to COS is tried again"));
    assert.equal(cos.log.lines.length, 4);
  });
}

Deno.test("PUT that fails for good leaves doubt when any try may have taken effect", async () => {
  const slow = refusal("503 Slow Down", "SlowDown");
  await using throttled = new CosStandIn(() => slow);
  await storeFailure(throttled.store.put("a", [], free), {
    kind: "throttled",
    code: "SlowDown",
    status: 503,
    requestId: "NjRl",
    mayHaveHappened: false,
  });
  assert.equal(throttled.requests.length, 5);

  await using doubtful = new CosStandIn((_, number) => number === 2 ? undefined : slow);
  await storeFailure(doubtful.store.put("a", [], free), {
    code: "SlowDown",
    requestId: "NjRl",
    mayHaveHappened: true,
  });

  // The second request goes out on the kept connection, and again on a new one when that dies.
  assert.equal(doubtful.requests.length, 6);

  await using overtaken = new CosStandIn((_, number) =>
    number === 1 ? undefined : refusal("409 Conflict", "FileAlreadyExists")
  );
  await storeFailure(overtaken.store.put("a", [], { ...free, forbidOverwrite: true }), {
    kind: "conflict",
    code: "FileAlreadyExists",
    mayHaveHappened: true,
  });
});

const UPLOAD = { key: "a", uploadId: "1" };
const ONCE_ONLY = {
  initiateUpload: (cos: CosStandIn) => cos.store.initiateUpload("a", free),
  completeUpload: (cos: CosStandIn) =>
    cos.store.completeUpload(UPLOAD, [{ partNumber: 1, etag: "e" }], free),
};
for (const [name, call] of Object.entries(ONCE_ONLY)) {
  Deno.test(`${name} whose answer is lost is left to the caller`, async () => {
    await using lost = new CosStandIn(() => undefined);
    await storeFailure(call(lost), {
      kind: "unavailable",
      code: "ConnectionLost",
      mayHaveHappened: true,
    });
    assert.equal(lost.requests.length, 1);

    await using failed = new CosStandIn(() => refusal("500 Error", "InternalError"));
    await storeFailure(call(failed), { code: "InternalError", mayHaveHappened: true });
    assert.equal(failed.requests.length, 1);
  });

  Deno.test(`${name} that COS refused to begin is tried again`, async () => {
    const done = answer("200 OK", { body: '<R><UploadId>1</UploadId><ETag>"e"</ETag></R>' });
    await using cos = new CosStandIn((_, number) =>
      number < 3 ? refusal("503 Slow Down", "SlowDown") : done
    );
    await call(cos);
    assert.equal(cos.requests.length, 3);
  });
}

Deno.test("reading leaves no doubt", async () => {
  await using cos = new CosStandIn(() => undefined);
  await storeFailure(cos.store.head("a", free), {
    code: "ConnectionLost",
    status: undefined,
    mayHaveHappened: false,
  });
});

Deno.test("COS gets minutes for what it has to copy or join first", async () => {
  const clock = new FakeClock();
  await using cos = new CosStandIn(() => {
    clock.advance(290_000);
    return answer("200 OK", { body: '<R><ETag>"e"</ETag></R>' });
  }, { clock });
  await cos.store.copy("a", "b", free);
  await cos.store.uploadPartCopy(
    { ...UPLOAD, partNumber: 1 },
    { key: "b", start: 0, end: 4 },
    free,
  );
  await cos.store.completeUpload(UPLOAD, [{ partNumber: 1, etag: "e" }], free);
  assert.equal(cos.requests.length, 3);
});

Deno.test("abort while a refusal is read is thrown as it is", async () => {
  const abort = new AbortController();
  const reason = new Error("enough");
  const clock = new FakeClock();
  const schedule = clock.schedule.bind(clock);
  let waits = 0;
  clock.schedule = (milliseconds, callback) => {
    waits++;
    return schedule(milliseconds, callback);
  };
  const head = "HTTP/1.1 403 Forbidden\r\nContent-Length: 10\r\n\r\n";
  await using cos = new CosStandIn(() => head, { clock });
  const call = cos.store.put("a", [], { signal: abort.signal });
  const thrown = assert.rejects(call, (error) => error === reason);
  // For a connection, for the head, for the body.
  while (waits < 3) await nextTurn();
  abort.abort(reason);
  await thrown;
});

Deno.test("abort while COS thinks is thrown as it is, and nothing is tried again", async () => {
  const abort = new AbortController();
  const reason = new Error("enough");
  await using cos = new CosStandIn(() => {
    abort.abort(reason);
    return undefined;
  });
  await assert.rejects(cos.store.head("a", { signal: abort.signal }), (error) => error === reason);
  assert.equal(cos.requests.length, 1);
});
