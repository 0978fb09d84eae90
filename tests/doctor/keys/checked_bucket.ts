import assert from "node:assert/strict";
import { type Clock, systemClock } from "../../../src/clock.ts";
import { diagnoseKeys, KEY_CHECKS } from "../../../src/app/diagnose.ts";
import { type Finding, type Mode, selectChecks } from "../../../src/doctor/check.ts";
import { runChecks } from "../../../src/doctor/runner.ts";
import type { Credential } from "../../../src/emulator/api/signature.ts";
import { type Emulator, startEmulator } from "../../../src/emulator/emulator.ts";
import {
  type Dialer,
  formatAddress,
  listen,
  type SocketAddress,
  systemDialer,
} from "../../../src/net/connection.ts";
import type { ProxySettings } from "../../../src/net/http_proxy.ts";
import { configOf, loadText } from "../../config/loading.ts";
import { MemoryLog } from "../../memory_log.ts";

export const BUCKET = "photos-1250000001";
export const SECRET = { secretId: "AKIDexample", secretKey: "a-secret-key" };

/** Keys of an account's section, by name; undefined takes one away. */
export type Settings = Readonly<Record<string, string | undefined>>;

/** An emulator with {@linkcode BUCKET}. */
export function startBucket(
  options: {
    buckets?: readonly string[];
    region?: string;
    clock?: Clock;
    credentials?: readonly Credential[];
  } = {},
): Promise<Emulator> {
  return startEmulator({
    listener: listen({ hostname: "127.0.0.1", port: 0 }),
    buckets: [BUCKET],
    credentials: [SECRET],
    clock: systemClock,
    logger: new MemoryLog(),
    ...options,
  });
}

/** Connects to `address`, whatever name is asked for; TLS still goes by the name. */
export function dialerTo(address: SocketAddress): Dialer {
  return {
    connect: (_, signal) => systemDialer.connect(address, signal),
    async connectTls({ hostname }, signal) {
      const plain = await systemDialer.connect(address, signal);
      return await systemDialer.startTls(plain, { hostname, signal });
    },
    startTls: (connection, options) => systemDialer.startTls(connection, options),
  };
}

/** What is looked at, how, and what with. */
export interface CheckOptions {
  /** Of the account, besides what it needs. */
  readonly settings?: Settings;
  /** Ids of checks, or what they begin with. @default all */
  readonly checks?: readonly string[];
  /** @default without writing */
  readonly modes?: readonly Mode[];
  readonly sample?: number;
  readonly dialer?: Dialer;
  readonly resolve?: (hostname: string) => Promise<readonly string[]>;
  readonly clock?: Clock;
  readonly proxy?: ProxySettings;
  readonly signal?: AbortSignal;
}

/** The findings about one account whose endpoint is at `address`. */
export async function checkAccount(
  address: SocketAddress,
  options: CheckOptions = {},
): Promise<readonly Finding[]> {
  const settings: Settings = {
    cos_secretid: SECRET.secretId,
    cos_secretkey: SECRET.secretKey,
    cos_bucket: BUCKET,
    cos_endpoint: formatAddress(address),
    cos_protocol: "http",
    ftp_login_user_name: "alice",
    ftp_login_user_password: "correct-horse",
    ...options.settings,
  };
  const lines = Object.entries(settings)
    .flatMap(([name, value]) => value === undefined ? [] : `${name} = ${value}\n`);
  const config = configOf(loadText(`[COS_ACCOUNT_0]\n${lines.join("")}`));
  using diagnosis = diagnoseKeys(config, { proxy: {}, sample: 3, ...options });
  return await runChecks({
    checks: selectChecks(KEY_CHECKS, options.checks ?? []),
    subjects: diagnosis.subjects,
    modes: options.modes ?? ["offline", "online"],
    clock: options.clock ?? systemClock,
    signal: options.signal ?? new AbortController().signal,
  });
}

/** An account of a region, which only speaks plain HTTP here. */
export function inRegion(region: string): Settings {
  return { cos_endpoint: undefined, cos_region: region, cos_network: "public" };
}

/** Resolves every name, to an address that nobody connects to. */
export function everyName(): Promise<readonly string[]> {
  return Promise.resolve(["203.0.113.1"]);
}

/** The one finding of a check. */
export function findingOf(findings: readonly Finding[], check: string): Finding {
  const [finding, ...others] = findings.filter((finding) => finding.check === check);
  assert.ok(finding && others.length === 0, JSON.stringify(findings, null, 1));
  return finding;
}

/** The one check that failed, all before it having passed. */
export function onlyFailure(findings: readonly Finding[]): Finding {
  const failures = findings.filter(({ status }) => status === "fail");
  assert.equal(failures.length, 1, JSON.stringify(findings, null, 1));
  const [failure] = failures;
  assert.ok(failure!.remedy!.text);
  for (const { check, status } of findings.slice(0, findings.indexOf(failure!))) {
    assert.equal(status, "pass", check);
  }
  return failure!;
}

/** `check: status` of each. */
export function statuses(findings: readonly Finding[]): string[] {
  return findings.map(({ check, status }) => `${check}: ${status}`);
}
