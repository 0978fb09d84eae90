import { Buffer } from "node:buffer";
import type { Operation } from "../../src/emulator/api/call.ts";
import type { FaultRule } from "../../src/emulator/faults.ts";
import { noise } from "../checksum/noise.ts";
import { uninterrupted } from "../../src/store/object_store.ts";
import { type FtpPeer, receiveAll, sendAll } from "../ftp/ftp_peer.ts";
import { type Gateway, PART_SIZE } from "../ftp/gateway.ts";
import { recordsOfOther, sweepTomorrow } from "./leavings.ts";

/** The objects of a bucket, by key. */
export type Files = Readonly<Record<string, Uint8Array>>;

/** What a client was told and given. */
export interface Outcome {
  /** Of the last reply; undefined where no client asked for anything. */
  readonly code?: number;
  /** What came over the data connection of a download or listing. */
  readonly received?: Uint8Array;
}

/** Something that a client does, or the gateway by itself, and what may become of the bucket meanwhile. */
export interface Scenario {
  readonly name: string;
  /** What the bucket holds at first. */
  readonly before: Files;
  /** What it may hold afterwards, by name. */
  readonly states: Readonly<Record<string, Files>>;
  /** The state that a positive reply claims. */
  readonly claimed: string;
  /** What a positive reply claims to have sent. */
  readonly content?: Uint8Array;
  /** What happened before anything went wrong. */
  readonly past?: (gateway: Gateway) => Promise<void>;
  /** What else goes wrong, so that the operations are needed. */
  readonly given?: readonly FaultRule[];
  /** The keys whose requests go wrong, as a pattern. @default all */
  readonly key?: string;
  /** The operations of COS that this needs, one row of the matrix each. */
  readonly operations: readonly Operation[];
  /** Those of them whose requests carry no bytes here. */
  readonly empty?: readonly Operation[];
  /** Who gives up first when no answer comes. @default "request" */
  readonly impatient?: "request" | "record";
  drive(peer: FtpPeer, gateway: Gateway): Promise<Outcome>;
}

const encoder = new TextEncoder();
const OLD = encoder.encode("the old content");
const SMALL = noise(10_000);
const LARGE = noise(2 * PART_SIZE + 7);
const NOTHING = new Uint8Array();

/** Two files that nothing here is about, whose names begin alike. */
const BYSTANDERS: Files = { "fi": OLD, "file.txt": OLD };

function files(more: Files = {}): Files {
  return { ...BYSTANDERS, ...more };
}

function joined(...pieces: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(pieces));
}

/** Sends `bytes` by `line`, whatever becomes of it. */
async function upload(peer: FtpPeer, line: string, bytes: Uint8Array): Promise<Outcome> {
  using data = await peer.openData();
  const opening = await peer.command(line);
  if (opening.code !== 150) return opening;
  await sendAll(data, bytes).catch(() => {}); // the gateway may have given up before
  data.close();
  return await peer.reply();
}

/** Reads all that `line` brings, whatever becomes of it. */
async function download(peer: FtpPeer, line: string): Promise<Outcome> {
  using data = await peer.openData();
  const opening = await peer.command(line);
  if (opening.code !== 150) return opening;
  const received = await receiveAll(data);
  return { ...await peer.reply(), received };
}

/** Sends a file of three parts, the second half ten seconds after the first. */
async function uploadSlowly(peer: FtpPeer, gateway: Gateway): Promise<Outcome> {
  const { traffic } = gateway.emulator;
  const { ended } = traffic.count("UploadPart");
  using data = await peer.openData();
  await peer.ask("STOR file", 150);
  const half = PART_SIZE + 1;
  await sendAll(data, LARGE.subarray(0, half));
  await traffic.ended("UploadPart", ended + 1);
  gateway.clock.advance(10_000);
  await sendAll(data, LARGE.subarray(half));
  data.close();
  return await peer.reply();
}

/** Breaks an upload off after two parts, the first of which COS has. */
async function interrupt(peer: FtpPeer, { emulator: { traffic } }: Gateway): Promise<Outcome> {
  const { begun } = traffic.count("UploadPart");
  using data = await peer.openData();
  await peer.ask("STOR file", 150);
  await sendAll(data, LARGE.subarray(0, 2 * PART_SIZE + 1));
  await traffic.begun("UploadPart", begun + 2);
  await peer.ask("ABOR", 426);
  return await peer.reply();
}

async function interruptBefore(gateway: Gateway): Promise<void> {
  using peer = await gateway.logIn();
  await interrupt(peer, gateway);
}

/** Goes on with what SIZE tells of. */
async function resume(peer: FtpPeer): Promise<Outcome> {
  const size = await peer.command("SIZE file");
  if (size.code !== 213) return size;
  await peer.ask(`REST ${size.text}`, 350);
  return await upload(peer, "STOR file", LARGE.subarray(Number(size.text)));
}

async function rename(peer: FtpPeer, from: string, to: string): Promise<Outcome> {
  const found = await peer.command(`RNFR ${from}`);
  return found.code === 350 ? await peer.command(`RNTO ${to}`) : found;
}

async function sweep(_: FtpPeer, gateway: Gateway): Promise<Outcome> {
  await sweepTomorrow(gateway);
  return {};
}

const STOR: Pick<Scenario, "before" | "claimed"> = {
  before: files({ file: OLD }),
  claimed: "new",
};

function storStates(content: Uint8Array): Scenario["states"] {
  return { old: files({ file: OLD }), new: files({ file: content }) };
}

/** Where COS says that what it has published is damaged, and the old file is replaced already. */
function damagedStates(content: Uint8Array): Scenario["states"] {
  return { ...storStates(content), gone: files() };
}

/** COS takes the request, but its answers never come. */
const UNANSWERED = { kind: "lose-answer" } as const;

const MOVED = files({ "to/file": OLD });

const DIRECTORY: Files = { "d/": NOTHING, "d/a": OLD, "d/e/b": SMALL };
const MOVED_DIRECTORY: Files = { "to/": NOTHING, "to/a": OLD, "to/e/b": SMALL };

export const SCENARIOS: readonly Scenario[] = [
  {
    name: "STOR of one part",
    ...STOR,
    states: storStates(SMALL),
    operations: ["PutObject"],
    drive: (peer) => upload(peer, "STOR file", SMALL),
  },
  {
    name: "STOR of one part, PUT's answers lost",
    ...STOR,
    states: storStates(SMALL),
    given: [{ operation: "PutObject", fault: UNANSWERED }],
    operations: ["HeadObject"],
    drive: (peer) => upload(peer, "STOR file", SMALL),
  },
  {
    name: "STOR of three parts",
    ...STOR,
    states: storStates(LARGE),
    operations: ["InitiateMultipartUpload", "UploadPart", "CompleteMultipartUpload"],
    drive: (peer) => upload(peer, "STOR file", LARGE),
  },
  {
    name: "STOR of three parts, Complete's answers lost",
    ...STOR,
    states: storStates(LARGE),
    given: [{ operation: "CompleteMultipartUpload", fault: UNANSWERED }],
    operations: ["ListParts", "HeadObject"],
    drive: (peer) => upload(peer, "STOR file", LARGE),
  },
  {
    name: "STOR of three parts, refused by Complete",
    ...STOR,
    states: storStates(LARGE),
    given: [{
      operation: "CompleteMultipartUpload",
      fault: { kind: "error", code: "AccessDenied", status: 403 },
    }],
    operations: ["AbortMultipartUpload"],
    drive: (peer) => upload(peer, "STOR file", LARGE),
  },
  {
    name: "STOR of three parts, Complete's checksum wrong",
    ...STOR,
    states: damagedStates(LARGE),
    given: [{ operation: "CompleteMultipartUpload", fault: { kind: "corrupt-checksum" } }],
    operations: ["HeadObject"],
    drive: (peer) => upload(peer, "STOR file", LARGE),
  },
  {
    name: "STOR of three parts, the whole damaged",
    ...STOR,
    states: damagedStates(LARGE),
    given: [
      { operation: "CompleteMultipartUpload", fault: { kind: "corrupt-checksum" } },
      { operation: "HeadObject", fault: { kind: "corrupt-checksum" } },
    ],
    key: "file",
    operations: ["DeleteObject"],
    drive: (peer) => upload(peer, "STOR file", LARGE),
  },
  {
    name: "STOR of three parts, its record",
    ...STOR,
    states: storStates(LARGE),
    key: ".cosftp/*",
    operations: ["PutObject", "DeleteObject"],
    impatient: "record",
    drive: (peer) => upload(peer, "STOR file", LARGE),
  },
  {
    name: "STOR that takes ten seconds, its record",
    ...STOR,
    states: storStates(LARGE),
    key: ".cosftp/*",
    operations: ["GetObject"],
    impatient: "record",
    drive: uploadSlowly,
  },
  {
    name: "ABOR of STOR, its record",
    ...STOR,
    claimed: "old",
    states: storStates(LARGE),
    key: ".cosftp/*",
    operations: ["GetObject", "PutObject"],
    impatient: "record",
    drive: interrupt,
  },
  {
    name: "SIZE, REST, STOR after an interrupted one, its record",
    ...STOR,
    states: storStates(LARGE),
    past: interruptBefore,
    key: ".cosftp/*",
    operations: ["GetObject", "PutObject", "DeleteObject"],
    drive: resume,
  },
  {
    name: "SIZE, REST, STOR after an interrupted one",
    ...STOR,
    states: storStates(LARGE),
    past: interruptBefore,
    operations: ["HeadObject", "GetBucket", "ListParts", "UploadPart", "CompleteMultipartUpload"],
    drive: resume,
  },
  {
    name: "DELE of an interrupted upload",
    ...STOR,
    states: { ...storStates(LARGE), gone: files() },
    claimed: "gone",
    past: interruptBefore,
    operations: ["GetBucket", "AbortMultipartUpload"],
    drive: (peer) => peer.command("DELE file"),
  },
  {
    name: "APPE",
    ...STOR,
    states: storStates(joined(OLD, SMALL)),
    operations: ["GetObject", "PutObject"],
    drive: (peer) => upload(peer, "APPE file", SMALL),
  },
  {
    name: "RETR",
    before: files({ file: LARGE }),
    states: { kept: files({ file: LARGE }) },
    claimed: "kept",
    content: LARGE,
    operations: ["GetObject"],
    drive: (peer) => download(peer, "RETR file"),
  },
  {
    name: "NLST",
    before: files({ "d/a": OLD, "d/b": OLD }),
    states: { kept: files({ "d/a": OLD, "d/b": OLD }) },
    claimed: "kept",
    content: encoder.encode("d/a\r\nd/b\r\n"),
    operations: ["GetBucket"],
    drive: (peer) => download(peer, "NLST d"),
  },
  {
    name: "DELE",
    before: files({ file: OLD }),
    states: { kept: files({ file: OLD }), gone: files() },
    claimed: "gone",
    operations: ["HeadObject", "DeleteObject"],
    drive: (peer) => peer.command("DELE file"),
  },
  {
    name: "MKD",
    before: files(),
    states: { none: files(), made: files({ "d/": NOTHING }) },
    claimed: "made",
    operations: ["GetBucket", "PutObject"],
    empty: ["PutObject"],
    drive: (peer) => peer.command("MKD d"),
  },
  {
    name: "RMD",
    before: files({ "d/": NOTHING }),
    states: { kept: files({ "d/": NOTHING }), gone: files() },
    claimed: "gone",
    operations: ["GetBucket", "DeleteObject"],
    drive: (peer) => peer.command("RMD d"),
  },
  {
    name: "RNFR, RNTO of a file",
    before: files({ file: OLD }),
    states: {
      unmoved: files({ file: OLD }),
      moved: MOVED,
      both: files({ file: OLD, "to/file": OLD }),
    },
    claimed: "moved",
    operations: ["HeadObject", "PutObjectCopy", "DeleteObject"],
    drive: (peer) => rename(peer, "file", "to/file"),
  },
  {
    name: "RNFR, RNTO of a directory",
    before: files(DIRECTORY),
    states: {
      unmoved: files(DIRECTORY),
      moved: files(MOVED_DIRECTORY),
      both: files({ ...DIRECTORY, ...MOVED_DIRECTORY }),
    },
    claimed: "moved",
    operations: ["GetBucket", "HeadObject", "PutObjectCopy", "DeleteMultipleObjects"],
    drive: (peer) => rename(peer, "d", "to"),
  },
  {
    name: "RNFR, RNTO of a file that is copied in parts",
    before: files({ file: LARGE }),
    states: {
      unmoved: files({ file: LARGE }),
      moved: files({ "to/file": LARGE }),
      both: files({ file: LARGE, "to/file": LARGE }),
    },
    claimed: "moved",
    operations: ["InitiateMultipartUpload", "UploadPartCopy", "CompleteMultipartUpload"],
    drive: (peer) => rename(peer, "file", "to/file"),
  },
  {
    name: "Sweep of an upload that was killed",
    before: files({ file: OLD }),
    states: { old: files({ file: OLD }) },
    claimed: "old",
    past: async (gateway) => {
      const { store } = gateway;
      const record = await recordsOfOther(gateway).begin("file");
      const uploadId = await store.initiateUpload("file", uninterrupted());
      await store.uploadPart({ key: "file", uploadId, partNumber: 1 }, [SMALL], uninterrupted());
      record.name(uploadId, null);
      await record.leave();
    },
    operations: ["GetBucket", "GetObject", "ListParts", "AbortMultipartUpload", "DeleteObject"],
    drive: sweep,
  },
  {
    name: "Sweep of an upload that was killed before its UploadId came",
    before: files({ file: OLD }),
    states: { old: files({ file: OLD }) },
    claimed: "old",
    past: async (gateway) => {
      const record = await recordsOfOther(gateway).begin("file");
      await gateway.store.initiateUpload("file", uninterrupted());
      await record.leave();
    },
    operations: ["ListMultipartUploads", "ListParts"],
    drive: sweep,
  },
];
