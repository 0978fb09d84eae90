import assert from "node:assert/strict";
import { listen } from "../../../src/net/connection.ts";
import { answer, refusal } from "../../store/cos_stand_in.ts";
import { RawServer } from "../../net/raw_server.ts";
import {
  BUCKET,
  checkAccount,
  dialerTo,
  everyName,
  findingOf,
  inRegion,
  onlyFailure,
  SECRET,
  startBucket,
} from "./checked_bucket.ts";

const UNUSED = { hostname: "192.0.2.1", port: 443 };

Deno.test("a SecretId that COS does not know is InvalidAccessKeyId", async () => {
  await using bucket = await startBucket();
  const { check, summary, detail } = onlyFailure(
    await checkAccount(bucket.address, { settings: { cos_secretid: "AKIDother" } }),
  );
  assert.equal(check, "key.id");
  assert.match(summary, /^InvalidAccessKeyId: /);
  assert.match(detail!, /\(request \S+\)$/);
});

Deno.test("keys that are nowhere to be got are told from wrong ones", async () => {
  await using bucket = await startBucket();
  const settings = {
    cos_secretid: undefined,
    cos_secretkey: undefined,
    cos_credentials_file: "/nowhere/keys.json",
  };
  const { check, summary, detail } = onlyFailure(await checkAccount(bucket.address, { settings }));
  assert.equal(check, "key.id");
  assert.match(summary, /^NoKeys: /);
  assert.match(detail!, /\/nowhere\/keys\.json/);
});

Deno.test("a SecretKey of another SecretId is SignatureDoesNotMatch", async () => {
  await using bucket = await startBucket();
  const findings = await checkAccount(bucket.address, { settings: { cos_secretkey: "another" } });
  const { check, summary, data } = onlyFailure(findings);
  assert.equal(check, "key.signature");
  assert.match(summary, /^SignatureDoesNotMatch: /);
  assert.deepEqual(data, { code: "SignatureDoesNotMatch" });
  assert.ok(!JSON.stringify(findings).includes("another"), "the key itself is never told");
});

Deno.test("a temporary key whose time is over is ExpiredToken", async () => {
  const credentials = [{ ...SECRET, token: "t", expires: Date.now() - 1 }];
  await using bucket = await startBucket({ credentials });
  const findings = await checkAccount(bucket.address, { settings: { cos_token: "t" } });
  const { check, summary } = onlyFailure(findings);
  assert.equal(check, "key.token");
  assert.match(summary, /^ExpiredToken: /);
  assert.equal(findingOf(findings, "bucket.list").status, "skip");
});

Deno.test("a bucket that no region has is NoSuchBucket", async () => {
  await using bucket = await startBucket({ buckets: ["other-1250000001"] });
  const findings = await checkAccount(UNUSED, {
    settings: { ...inRegion("ap-guangzhou"), cos_protocol: "http" },
    resolve: everyName,
    dialer: dialerTo(bucket.address),
  });
  const { check, summary, remedy } = onlyFailure(findings);
  assert.equal(check, "bucket.exists");
  assert.equal(summary, `NoSuchBucket: no region has a bucket ${BUCKET}`);
  assert.deepEqual(remedy!.commands, ["cos_bucket = BUCKETNAME-1250000001"]);
});

Deno.test("a bucket that an endpoint does not have is NoSuchBucket, and nobody else is asked", async () => {
  await using bucket = await startBucket({ buckets: [] });
  const { check, summary } = onlyFailure(await checkAccount(bucket.address));
  assert.equal(check, "bucket.exists");
  assert.match(
    summary,
    /^NoSuchBucket: 127\.0\.0\.1:\d+ does not have a bucket photos-1250000001$/,
  );
  assert.equal(bucket.traffic.count("GetBucket").begun, 0);
});

Deno.test("a bucket of another region is found there", async () => {
  await using bucket = await startBucket({ region: "eu-frankfurt" });
  const findings = await checkAccount(UNUSED, {
    settings: { ...inRegion("ap-guangzhou"), cos_protocol: "http" },
    resolve: everyName,
    dialer: dialerTo(bucket.address),
  });
  const { check, summary, remedy } = onlyFailure(findings);
  assert.equal(check, "bucket.region");
  assert.equal(summary, `NoSuchBucket: ${BUCKET} is in eu-frankfurt, not in ap-guangzhou`);
  assert.deepEqual(remedy!.commands, ["cos_region = eu-frankfurt"]);
  assert.equal(findingOf(findings, "key.id").status, "skip");
});

Deno.test("a bucket to which COS redirects is where the redirect says", async () => {
  await using server = new RawServer(async (peer) => {
    while (await peer.readHead() !== null) {
      const to = `http://${BUCKET}.cos.ap-singapore.myqcloud.com/`;
      await peer.write(refusal("301 Moved Permanently", "PermanentRedirect", [`Location: ${to}`]));
    }
  });
  const findings = await checkAccount(UNUSED, {
    settings: { ...inRegion("ap-guangzhou"), cos_protocol: "http" },
    resolve: everyName,
    dialer: dialerTo(server.address),
  });
  const { check, summary } = onlyFailure(findings);
  assert.equal(check, "bucket.region");
  assert.equal(summary, `PermanentRedirect: ${BUCKET} is in ap-singapore, not in ap-guangzhou`);
});

Deno.test("keys that may not list lack name/cos:GetBucket, and get a policy to paste", async () => {
  await using bucket = await startBucket();
  using _denial = bucket.faults.add({
    operation: "GetBucket",
    fault: { kind: "error", code: "AccessDenied", status: 403 },
  });
  const findings = await checkAccount(bucket.address, { settings: { key_prefix: "team/a" } });
  const { check, summary, data, remedy } = onlyFailure(findings);
  assert.equal(check, "bucket.list");
  assert.equal(summary, "AccessDenied: the keys may not do name/cos:GetBucket");
  assert.deepEqual(data, { missing: ["name/cos:GetBucket"], code: "AccessDenied" });
  const policy = JSON.parse(remedy!.commands![0]!);
  assert.deepEqual(policy.statement[1].resource, [
    "qcs::cos::uid/1250000001:photos-1250000001/team/a/*",
  ]);
});

Deno.test("any other refusal is told with COS's code and request", async () => {
  await using bucket = await startBucket();
  using _fault = bucket.faults.add({
    operation: "GetBucket",
    fault: { kind: "error", code: "AccountProblem", status: 403 },
  });
  const { check, summary, detail } = onlyFailure(await checkAccount(bucket.address));
  assert.equal(check, "bucket.list");
  assert.equal(summary, "COS refuses: AccountProblem");
  assert.match(detail!, /Cannot list the bucket: AccountProblem: .*\(request \S+\)$/);
});

Deno.test("a COS that stops answering signed requests is not taken for a wrong key", async () => {
  await using server = new RawServer(async (peer) => {
    for (let head; (head = await peer.readHead()) !== null;) {
      if (/^authorization:/im.test(head)) return;
      const body = "<Error><Code>AccessDenied</Code></Error>";
      await peer.write(answer("403 Forbidden", { body }));
    }
  });
  const { check, summary } = onlyFailure(await checkAccount(server.address));
  assert.equal(check, "key.id");
  assert.equal(summary, "COS could not be asked: ConnectionLost");
});

Deno.test("a COS in trouble is not taken for one that has the bucket", async () => {
  await using server = new RawServer(async (peer) => {
    while (await peer.readHead() !== null) {
      await peer.write(refusal("503 Service Unavailable", "ServiceUnavailable"));
    }
  });
  const { check, summary } = onlyFailure(await checkAccount(server.address));
  assert.equal(check, "bucket.exists");
  assert.equal(summary, "COS cannot say whether the bucket exists: ServiceUnavailable");
});

Deno.test("a signature whose time COS does not take is a matter of the clock, not of the key", async () => {
  await using server = new RawServer(async (peer) => {
    for (let head; (head = await peer.readHead()) !== null;) {
      const message = /^authorization:/im.test(head) ? "Request has expired" : "Access Denied.";
      const body = `<Error><Code>AccessDenied</Code><Message>${message}</Message></Error>`;
      await peer.write(answer("403 Forbidden", { body }));
    }
  });
  const { check, summary, remedy } = onlyFailure(await checkAccount(server.address));
  assert.equal(check, "key.signature");
  assert.equal(summary, "AccessDenied: the signature's time is not COS's");
  assert.deepEqual(remedy!.commands, ["timedatectl set-ntp true"]);
});

Deno.test("accounts are checked side by side and do not keep each other from it", async () => {
  await using bucket = await startBucket();
  const gone = listen({ hostname: "127.0.0.1", port: 0 });
  gone.close();
  const [right, wrong] = await Promise.all([
    checkAccount(bucket.address),
    checkAccount(gone.address),
  ]);
  assert.ok(right.every(({ status }) => status !== "fail"));
  assert.equal(onlyFailure(wrong).check, "endpoint.tcp");
});
