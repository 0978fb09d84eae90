import { ipVersion } from "./cidr.ts";
import type { SocketAddress } from "./connection.ts";
import type { IcmpMessage } from "./icmp_message.ts";
import { AF_INET, AF_INET6, decodeSocketAddress, encodeSocketAddress } from "./ip_bytes.ts";
import { ErrnoError, errnoName, type Libc } from "./libc.ts";

export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;

const SOL_SOCKET = 1;
const SO_ERROR = 4;
const IPPROTO_IP = 0;
const IPPROTO_IPV6 = 41;
const IP_MTU_DISCOVER = 10;
const IP_RECVERR = 11;
const IPV6_MTU_DISCOVER = 23;
const IPV6_RECVERR = 25;
/** Do not fragment, and do not believe what was learned of the path before. */
const PMTUDISC_PROBE = 3;

const MSG_ERRQUEUE = 0x2000;
const POLLIN = 1;
const POLLOUT = 4;
/** How often a wait looks at its signal. Milliseconds. */
const POLL_SLICE = 50;

/** `struct sock_extended_err`: where an error comes from. */
const SO_EE_ORIGIN_ICMP = 2;
const SO_EE_ORIGIN_ICMP6 = 3;

/** A socket of libc, connected to one address and never blocking, which hears of ICMP errors (`IP_RECVERR`). */
export class NativeSocket implements Disposable {
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #version: 4 | 6;
  #open = true;

  /** @throws {ErrnoError} `EACCES`, `EPERM` when this process may not have such a socket. */
  constructor(libc: Libc, options: { version: 4 | 6; type: number; protocol: number }) {
    const { version, type, protocol } = options;
    this.#libc = libc;
    this.#version = version;
    const family = version === 4 ? AF_INET : AF_INET6;
    this.#fd = libc.calls.socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
    if (this.#fd < 0) throw new ErrnoError(libc.errno(), "Cannot open a socket");
    if (version === 4) this.#set(IPPROTO_IP, IP_RECVERR, 1);
    else this.#set(IPPROTO_IPV6, IPV6_RECVERR, 1);
  }

  /** Packets are sent whole or not at all, whatever is known of the path. */
  forbidFragments(): void {
    if (this.#version === 4) this.#set(IPPROTO_IP, IP_MTU_DISCOVER, PMTUDISC_PROBE);
    else this.#set(IPPROTO_IPV6, IPV6_MTU_DISCOVER, PMTUDISC_PROBE);
  }

  /** @returns undefined when it is connected, `EINPROGRESS` when it goes on, else why not. */
  connect(address: SocketAddress): string | undefined {
    const bytes = encodeSocketAddress(address);
    const result = this.#libc.calls.connect(this.#fd, bytes, bytes.length);
    return result === 0 ? undefined : this.#libc.errno();
  }

  /** @returns undefined, or why it was not sent. */
  send(bytes: Uint8Array<ArrayBuffer>): string | undefined {
    const sent = this.#libc.calls.send(this.#fd, bytes, BigInt(bytes.length), 0);
    return sent < 0n ? this.#libc.errno() : undefined;
  }

  /** @returns how many bytes came, or undefined when there is nothing, or an error was pending. */
  receive(into: Uint8Array<ArrayBuffer>): number | undefined {
    const received = this.#libc.calls.recv(this.#fd, into, BigInt(into.length), 0);
    return received < 0n ? undefined : Number(received);
  }

  /** The error that a connection attempt ended with; undefined when there is none. It is told once. */
  takeError(): string | undefined {
    const value = new Int32Array(new ArrayBuffer(4));
    const length = new Uint32Array(new ArrayBuffer(4)).fill(4);
    this.#libc.calls.getsockopt(this.#fd, SOL_SOCKET, SO_ERROR, bytesOf(value), bytesOf(length));
    return value[0] === 0 ? undefined : errnoName(value[0]!);
  }

  /** The next ICMP error, with the beginning of the packet that it is about; undefined when there is none. */
  takeIcmp(): { message: IcmpMessage; packet: Uint8Array } | undefined {
    const packet = new Uint8Array(new ArrayBuffer(256));
    const control = new Uint8Array(new ArrayBuffer(512));
    const vector = new BigUint64Array([addressOf(packet), BigInt(packet.length)]);
    const header = new Uint8Array(new ArrayBuffer(56));
    const view = new DataView(header.buffer);
    view.setBigUint64(16, addressOf(bytesOf(vector)), true);
    view.setBigUint64(24, 1n, true);
    view.setBigUint64(32, addressOf(control), true);
    view.setBigUint64(40, BigInt(control.length), true);
    for (;;) {
      const received = this.#libc.calls.recvmsg(this.#fd, header, MSG_ERRQUEUE);
      if (received < 0n) return undefined;
      const controlLength = Number(view.getBigUint64(40, true));
      const message = readExtendedError(control.subarray(0, controlLength));
      if (message) return { message, packet: packet.slice(0, Number(received)) };
      view.setBigUint64(40, BigInt(control.length), true);
    }
  }

  /** Waits until something can be read, was connected, or went wrong. @returns false when `milliseconds` passed. */
  async ready(options: {
    for: "reading" | "writing";
    milliseconds: number;
    signal: AbortSignal;
  }): Promise<boolean> {
    const end = performance.now() + options.milliseconds;
    const request = new Uint8Array(new ArrayBuffer(8));
    const view = new DataView(request.buffer);
    for (;;) {
      options.signal.throwIfAborted();
      const left = Math.max(0, end - performance.now());
      view.setInt32(0, this.#fd, true);
      view.setInt16(4, options.for === "reading" ? POLLIN : POLLOUT, true);
      view.setInt16(6, 0, true);
      const found = await this.#libc.calls.poll(request, 1n, Math.ceil(Math.min(left, POLL_SLICE)));
      if (found > 0) return true;
      // A busy machine comes back late: what arrived meanwhile is looked at once more.
      if (left === 0) return false;
    }
  }

  [Symbol.dispose](): void {
    if (this.#open) this.#libc.calls.close(this.#fd);
    this.#open = false;
  }

  #set(level: number, option: number, value: number): void {
    const bytes = bytesOf(new Int32Array([value]));
    const result = this.#libc.calls.setsockopt(this.#fd, level, option, bytes, bytes.length);
    if (result < 0) throw new ErrnoError(this.#libc.errno(), `Cannot set socket option ${option}`);
  }
}

/** The version of a numeric address. @throws SyntaxError for anything else. */
export function versionOf(address: string): 4 | 6 {
  const version = ipVersion(address);
  if (version !== undefined) return version;
  throw new SyntaxError(`Cannot use "${address}": wanted a numeric address`);
}

/** Finds the `struct sock_extended_err` among the control messages (cmsg(3)). */
function readExtendedError(control: Uint8Array): IcmpMessage | undefined {
  const view = new DataView(control.buffer, control.byteOffset, control.length);
  for (let at = 0; at + 16 <= control.length;) {
    const length = Number(view.getBigUint64(at, true));
    const level = view.getInt32(at + 8, true);
    const type = view.getInt32(at + 12, true);
    const isError = level === IPPROTO_IP && type === IP_RECVERR ||
      level === IPPROTO_IPV6 && type === IPV6_RECVERR;
    const origin = isError && length >= 32 ? control[at + 16 + 4] : undefined;
    if (origin === SO_EE_ORIGIN_ICMP || origin === SO_EE_ORIGIN_ICMP6) {
      return {
        version: origin === SO_EE_ORIGIN_ICMP ? 4 : 6,
        type: control[at + 16 + 5]!,
        code: control[at + 16 + 6]!,
        mtu: view.getUint32(at + 16 + 8, true) || undefined,
        from: decodeSocketAddress(control.subarray(at + 32, at + length)),
      };
    }
    if (length < 16) return undefined;
    at += (length + 7) & ~7;
  }
  return undefined;
}

function bytesOf(view: ArrayBufferView<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

function addressOf(bytes: Uint8Array<ArrayBuffer>): bigint {
  return Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes));
}
