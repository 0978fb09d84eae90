import type { Clock } from "../../src/clock.ts";
import { systemClock } from "../../src/clock.ts";
import type { Emulator } from "../../src/emulator/emulator.ts";
import { startEmulator } from "../../src/emulator/emulator.ts";
import { listen } from "../../src/net/connection.ts";
import type { Logger } from "../../src/telemetry/log.ts";
import type { Keys, RawAnswer } from "./raw_client.ts";
import { RawClient } from "./raw_client.ts";

export const BUCKET = "examplebucket-1250000000";
export const KEYS: Keys = { secretId: "AKIDexample", secretKey: "secretOfTheTests" };

/** Throws whatever a test did not expect to be logged at it. */
const strictLogger: Logger = {
  debug() {},
  info() {},
  warning: unexpected,
  error: unexpected,
  critical: unexpected,
  with: () => strictLogger,
};

function unexpected(message: string, fields?: unknown): never {
  throw new Error(`Unexpected log line: ${message} ${JSON.stringify(fields)}`);
}

/** An emulator on a free port with one bucket, and a client for it. */
export async function startForTest(
  options: { dataDir?: string; clock?: Clock; latency?: number; logger?: Logger; region?: string } =
    {},
): Promise<Emulator & { client: RawClient }> {
  const clock = options.clock ?? systemClock;
  const emulator = await startEmulator({
    listener: listen({ hostname: "127.0.0.1", port: 0 }),
    buckets: [BUCKET],
    credentials: [KEYS],
    logger: strictLogger,
    ...options,
    clock,
  });
  const client = new RawClient(emulator.address, { keys: KEYS, now: () => clock.now() });
  return { ...emulator, client };
}

/** Status and error code of an answer: `404 NoSuchKey`, `200`. */
export function outcome(answer: RawAnswer): string {
  return `${answer.status} ${/<Error><Code>(.*?)<\/Code>/.exec(answer.text)?.[1] ?? ""}`.trim();
}

/** The texts of all elements called `name`, in order; references are resolved. */
export function elements(answer: RawAnswer, name: string): string[] {
  return [...answer.text.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, "g"))].map(([, text]) =>
    text!.replace(/&#x([0-9a-f]+);/g, (_, digits) => String.fromCodePoint(parseInt(digits, 16)))
      .replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"')
      .replaceAll("&amp;", "&")
  );
}
