import { ipVersion } from "../../net/cidr.ts";
import type { Connection, Listener } from "../../net/connection.ts";
import type { Check, Outcome } from "../check.ts";
import { failedConnection } from "../connect_outcome.ts";
import { permitTooBig, tooBig } from "../opening_steps.ts";
import { Patience } from "../patience.ts";
import { remedyOf, stepsData } from "../steps.ts";
import { openData } from "./data_checks.ts";
import type { FtpClient, FtpReply } from "./ftp_client.ts";
import { SessionLost, type TargetSurvey } from "./target_survey.ts";

/** How long a data connection may bring nothing. Milliseconds. */
const STALL = 12_000;
/** How long TLS on a data connection may take. Milliseconds. */
const TLS_TIMEOUT = 10_000;
/** So much of a listing is enough to know that it arrives. Bytes. */
const LISTING_ENOUGH = 1024 * 1024;
/** How long a server gets to connect back. Milliseconds. */
const ACTIVE_TIMEOUT = 5_000;

export const list: Check<TargetSurvey> = {
  id: "target.list",
  title: "a listing arrives whole",
  needs: ["target.data"],
  mode: "online",
  run: (survey, { signal }) =>
    survey.withSession(signal, async (client) => {
      const received = await download(survey, {
        client,
        command: "LIST",
        enough: LISTING_ENOUGH,
        signal,
      });
      if ("outcome" in received) return [received.outcome];
      return [{ status: "pass", summary: `LIST brought ${received.bytes.length} bytes` }];
    }),
};

export const active: Check<TargetSurvey> = {
  id: "target.active",
  title: "active mode: the server can connect to this machine",
  needs: ["target.data"],
  mode: "online",
  run: (survey, { signal }) =>
    survey.withSession(signal, async (client) => {
      const { hostname } = client.connection.local;
      using listener = survey.tools.listen({ hostname, port: 0 });
      const { port } = listener.address;
      const command = hostname.includes(":")
        ? `EPRT |2|${hostname}|${port}|`
        : `PORT ${hostname.replaceAll(".", ",")},${port >> 8},${port & 255}`;
      const prepared = await client.ask(command, signal);
      if (prepared.code !== 200) return [activeRefused(prepared.lines.at(-1)!)];
      return await connectedBack(survey, { client, listener, signal });
    }),
};

async function connectedBack(survey: TargetSurvey, { client, listener, signal }: {
  client: FtpClient;
  listener: Listener;
  signal: AbortSignal;
}): Promise<Outcome[]> {
  using _limit = stopAfter(ACTIVE_TIMEOUT, { stop: () => listener.close(), signal });
  const accepted = listener.accept();
  const answered = client.ask("NLST", signal);
  answered.catch(() => {});
  // 425 may come before any connection, and 150 before or after it.
  const first = await Promise.race([accepted, answered]);
  if (first && "code" in first && first.code >= 400) {
    listener.close();
    (await accepted)?.close();
    return [activeRefused(first.lines.at(-1)!)];
  }
  const connection = await accepted;
  signal.throwIfAborted();
  // The server may go on trying for long, and listens to nothing meanwhile.
  if (!connection) {
    throw new SessionLost(activeRefused(`it did not connect within ${ACTIVE_TIMEOUT / 1_000} s`));
  }
  const opening = await answered;
  {
    using data = opening.code < 200
      ? await protect(survey, { client, opened: connection, failed: activeRefused, signal })
      : connection;
    using stall = stopAfter(ACTIVE_TIMEOUT, { stop: () => data.close(), signal });
    await drain(data, { enough: 1 }).catch((error) => {
      signal.throwIfAborted();
      if (!stall.fired) throw error;
      const why = `it connected, but nothing came for ${ACTIVE_TIMEOUT / 1_000} s`;
      throw new SessionLost(activeRefused(why));
    });
  }
  // With TLS some servers say 226 only once this side has closed too.
  if (opening.code < 200) await client.reply(signal);
  return [{ status: "pass", summary: "The server connects to this machine" }];
}

/** Passive mode is what clients use; the other one is worth a word only. */
function activeRefused(reason: string): Outcome {
  return {
    status: "warn",
    summary: `Active mode does not work from here: ${reason}`,
    remedy: {
      text:
        "Use passive mode, as nearly every client does. Active mode needs a client that is not behind a NAT, and a " +
        "firewall of its own that lets the server in",
    },
  };
}

/** Fetches what a command brings. @throws {SessionLost} where the data connection failed: its reply is still to come. */
export async function download(survey: TargetSurvey, { client, command, enough, signal }: {
  client: FtpClient;
  command: string;
  /** Bytes after which the transfer is ended early. @default never */
  enough?: number;
  signal: AbortSignal;
}): Promise<{ bytes: Uint8Array } | { outcome: Outcome }> {
  const plain = await openData(survey, { client, signal });
  if ("cause" in plain) {
    const ports = await survey.passiveRange(client, signal);
    return { outcome: failedConnection(plain, { what: "The data connection", ports }) };
  }
  using opened = plain;
  const opening = await client.ask(command, signal);
  if (opening.code >= 200) return { outcome: refused(command, opening) };
  let bytes: Uint8Array;
  const failed = (why: string) => unprotected(command, why);
  using data = await protect(survey, { client, opened, failed, signal });
  using stall = stopAfter(STALL, { stop: () => data.close(), signal });
  try {
    bytes = await drain(data, { enough, onBytes: stall.touch });
    // Some servers say 226 only then.
    data.close();
  } catch (error) {
    signal.throwIfAborted();
    throw new SessionLost(
      failedTransfer(command, { error, stall, hostname: opened.remote.hostname }),
    );
  }
  const closing = await client.reply(signal);
  const isWell = closing.code === 226 || closing.code === 250 ||
    enough !== undefined && bytes.length >= enough;
  return isWell ? { bytes } : { outcome: refused(command, closing) };
}

/** A file for the server. */
export interface UploadedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Whether something of it may be on the server. */
  mayExist: boolean;
}

/** Sends a file. @returns why the server does not take it. @throws as {@linkcode download} does. */
export async function upload(survey: TargetSurvey, { client, file, signal }: {
  client: FtpClient;
  file: UploadedFile;
  signal: AbortSignal;
}): Promise<Outcome | undefined> {
  const plain = await openData(survey, { client, signal });
  if ("cause" in plain) {
    const ports = await survey.passiveRange(client, signal);
    return failedConnection(plain, { what: "The data connection", ports });
  }
  using opened = plain;
  const command = `STOR ${file.name}`;
  file.mayExist = true;
  const opening = await client.ask(command, signal);
  if (opening.code >= 200) {
    file.mayExist = false;
    return refused(command, opening);
  }
  const failed = (why: string) => unprotected(command, why);
  using data = await protect(survey, { client, opened, failed, signal });
  using stall = stopAfter(STALL, { stop: () => data.close(), signal });
  try {
    await data.write(file.bytes);
    await data.closeWrite();
    stall.touch();
    data.close();
  } catch (error) {
    signal.throwIfAborted();
    throw new SessionLost(
      failedTransfer(command, { error, stall, hostname: opened.remote.hostname }),
    );
  }
  const closing = await client.reply(signal);
  return closing.code === 226 || closing.code === 250 ? undefined : refused(command, closing);
}

/**
 * Speaks TLS on a data connection where the control connection does.
 *
 * @param options.failed what to say when that is not possible.
 * @throws {SessionLost} with that: the command's reply is still to come.
 */
async function protect(survey: TargetSurvey, { client, opened, failed, signal }: {
  client: FtpClient;
  opened: Connection;
  failed: (why: string) => Outcome;
  signal: AbortSignal;
}): Promise<Connection> {
  if (!client.isProtected) return opened;
  using patience = new Patience(TLS_TIMEOUT);
  try {
    return await survey.protectData(opened, AbortSignal.any([signal, patience.signal]));
  } catch (error) {
    signal.throwIfAborted();
    const why = patience.signal.aborted
      ? `no answer within ${TLS_TIMEOUT / 1_000} s`
      : (error as Error).message;
    throw new SessionLost(failed(`TLS fails on the data connection: ${why}`));
  }
}

/** The control connection has TLS, so neither version nor ciphers nor certificate are why. */
function unprotected(command: string, why: string): Outcome {
  return {
    status: "fail",
    summary: `${command.slice(0, 4)}: ${why}`,
    detail:
      "TLS works on the control connection, and the data port is open: the server, or something on the way, refuses or " +
      "swallows TLS on data connections only.",
    remedy: {
      text:
        "Some servers want the data connection to resume the TLS session, which many clients cannot: turn that off (vsftpd: " +
        "require_ssl_reuse=NO; proftpd: TLSOptions NoSessionReuseRequired). If the server's log says that the connection broke " +
        "or brought nothing, look for a firewall or proxy that inspects the passive range (FTP helper, ALG, deep packet " +
        "inspection), and exempt the range from that",
    },
    data: { cause: "tls" },
  };
}

function refused(command: string, answer: FtpReply): Outcome {
  const needsReuse = answer.code === 522;
  return {
    status: "fail",
    summary: `${command.slice(0, 4)} was answered with ${answer.lines.at(-1)}`,
    remedy: {
      text: needsReuse
        ? "The server wants the data connection to resume the TLS session, which many clients cannot: turn that off " +
          "(vsftpd: require_ssl_reuse=NO; proftpd: TLSOptions NoSessionReuseRequired)"
        : "The server's log says why",
    },
    data: { code: answer.code },
  };
}

function failedTransfer(command: string, { error, stall, hostname }: {
  error: unknown;
  stall: { readonly fired: boolean };
  hostname: string;
}): Outcome {
  return stall.fired ? stalled(command, hostname) : brokenData(command, error as Error);
}

function brokenData(command: string, error: Error): Outcome {
  return {
    status: "fail",
    summary: `The data connection of ${command.slice(0, 4)} broke: ${error.message}`,
    remedy: {
      text:
        "The server's log says why; if it saw the connection break too, a firewall or proxy on the way ended it",
    },
  };
}

/** The connection is open, small packets arrive, large ones do not. */
function stalled(command: string, hostname: string): Outcome {
  const steps = permitTooBig(ipVersion(hostname) ?? 4);
  return {
    status: "fail",
    summary: `${command.slice(0, 4)} stalls: the data connection is open, but no data came for ${
      STALL / 1_000
    } s`,
    detail:
      "When the server's log shows no reason: small packets arrive and full ones do not, an MTU black hole. The path " +
      "carries less than 1500 bytes, and the ICMP " +
      '"fragmentation needed" (of IPv6 "packet too big") that says so is dropped on its way to the sender.',
    remedy: remedyOf(`Let ${tooBig(hostname)} reach the server, or clamp the MSS`, steps),
    data: { cause: "mtu", steps: stepsData(steps) },
  };
}

/** Reads to the end, or until it is `enough`. */
async function drain(
  connection: Connection,
  { enough = Infinity, onBytes = () => {} }: { enough?: number; onBytes?: () => void },
): Promise<Uint8Array> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  const buffer = new Uint8Array(64 * 1024);
  for (let length = 0; length < enough;) {
    const count = await connection.read(buffer);
    if (count === null) break;
    onBytes();
    length += count;
    pieces.push(buffer.slice(0, count));
  }
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}

/** Calls `stop` when nothing was touched for `milliseconds`, or the check is stopped. */
function stopAfter(
  milliseconds: number,
  { stop, signal }: { stop: () => void; signal: AbortSignal },
) {
  let fired = false;
  const onTime = () => {
    fired = true;
    stop();
  };
  let timer = setTimeout(onTime, milliseconds);
  signal.addEventListener("abort", stop, { once: true });
  return {
    get fired() {
      return fired;
    },
    touch() {
      clearTimeout(timer);
      timer = setTimeout(onTime, milliseconds);
    },
    [Symbol.dispose]() {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
    },
  };
}
