import type { Account } from "../accounts/account.ts";
import { credentialsFrom } from "../accounts/credentials.ts";
import { gb18030, utf8 } from "../accounts/name_encoding.ts";
import { PartMemory } from "../checksum/part_memory.ts";
import { type Clock, systemClock } from "../clock.ts";
import type { AccountConfig, Config } from "../config/config.ts";
import { largestPart } from "../config/part_limits.ts";
import { type Dialer, systemDialer } from "../net/connection.ts";
import type { HttpClient } from "../net/http_client.ts";
import { TokenBucket } from "../net/token_bucket.ts";
import { createCosStore } from "../store/cos/create.ts";
import type { ObjectStore } from "../store/object_store.ts";
import type { Logger } from "../telemetry/log.ts";
import { FileTimes } from "../vfs/file_times.ts";
import { SlicePool } from "../vfs/slice_pool.ts";
import { UploadRecords } from "../vfs/upload_records.ts";

/** Makes an account, with the store of its bucket, of its settings. COS is not asked. */
export type OpenAccount = (settings: AccountConfig) => Promise<Account>;

/** One memory serves the uploads of all accounts that are opened. */
export function accountOpener(
  config: Config,
  { http, direct, log }: {
    http: HttpClient;
    /** Without a proxy: the metadata service of the machine is asked by it. */
    direct: HttpClient;
    log: Logger;
  },
): OpenAccount {
  const { limits, clusterName: cluster = Deno.hostname() } = config;
  const { uploadMemoryMax: memory, uploadThreadNum: threads } = limits;
  const pool = new SlicePool(new PartMemory({ bytes: memory }));
  const parts = {
    minPartSize: limits.minPartSize,
    maxPartSize: largestPart({ memory, threads }),
  };
  return async (account) => {
    const { name } = account;
    const store = openStore(account, {
      http,
      direct,
      log: log.with({ account: name, bucket: account.bucket }),
    });
    const contentMd5 = account.protocol === "http";
    const records = new UploadRecords({
      store,
      keyPrefix: account.keyPrefix,
      account: name,
      cluster,
      // Who only reads has nothing to resume, and perhaps no right to look.
      interrupted: account.authority.write ? limits.interruptedUpload : "discard",
      clock: systemClock,
      log,
    });
    const plan = { ...parts, maxFileSize: account.singleFileMaxSize };
    const headers = { storageClass: account.storageClass, encryption: account.encryption };
    return {
      ...account,
      nameEncoding: account.pathEncoding === "gb18030" ? await gb18030() : utf8,
      upload: tokenBucket(account.uploadRate),
      download: tokenBucket(account.downloadRate),
      times: account.preserveMtime ? new FileTimes(store) : undefined,
      transfers: {
        store,
        records,
        pool,
        plan,
        threads,
        headers,
        contentMd5,
        forbidOverwrite: !account.overwriteEnable,
        log,
      },
    };
  };
}

function tokenBucket(rate: number | undefined): TokenBucket | undefined {
  return rate === undefined ? undefined : new TokenBucket({ rate, clock: systemClock });
}

/** The store of an account's bucket, asked with its keys. */
export function openStore(
  account: AccountConfig,
  options: {
    http: HttpClient;
    /** Without a proxy. */
    direct: HttpClient;
    log: Logger;
    /** @default that of this machine */
    dialer?: Dialer;
    /** @default that of this machine */
    clock?: Clock;
  },
): ObjectStore {
  const { http, direct, log, dialer = systemDialer, clock = systemClock } = options;
  return createCosStore({
    location: account,
    credentials: credentialsFrom(account.credentials, { http: direct, clock, log }),
    http,
    dialer,
    clock,
    random: Math.random,
    log,
  });
}
