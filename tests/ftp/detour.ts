import type { SocketAddress } from "../../src/net/connection.ts";
import { type FtpPeer, startTls } from "./ftp_peer.ts";

/** One connection led through the test, which can end it below TLS, without a word of TLS. */
export class Detour implements Disposable {
  /** Where it leads on to its target from. */
  readonly address: SocketAddress;
  readonly #joined: Promise<readonly [Deno.TcpConn, Deno.TcpConn]>;

  constructor(target: SocketAddress) {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { hostname, port } = listener.addr as Deno.NetAddr;
    this.address = { hostname, port };
    this.#joined = join(listener, target);
  }

  /** Sends FIN to the target, as the system does for a client that is killed. */
  async cut(): Promise<void> {
    const [, toTarget] = await this.#joined;
    await toTarget.closeWrite();
  }

  [Symbol.dispose](): void {
    this.#joined.then((ends) => ends.forEach((end) => end.close()));
  }
}

async function join(listener: Deno.TcpListener, { hostname, port }: SocketAddress) {
  using _listener = listener;
  const toClient = await listener.accept();
  const toTarget = await Deno.connect({ hostname, port });
  relay(toClient, toTarget).catch(() => {});
  relay(toTarget, toClient).catch(() => {});
  return [toClient, toTarget] as const;
}

async function relay(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(64 * 1024);
  for (let count; (count = await from.read(buffer)) !== null;) {
    for (let sent = 0; sent < count;) sent += await to.write(buffer.subarray(sent, count));
  }
  await to.closeWrite();
}

/** A passive data connection under TLS that can be ended below it. */
export class CuttableData implements Disposable {
  /** The client's end. */
  readonly conn: Deno.TlsConn;
  readonly #detour: Detour;

  private constructor(conn: Deno.TlsConn, detour: Detour) {
    this.conn = conn;
    this.#detour = detour;
  }

  static async open(peer: FtpPeer): Promise<CuttableData> {
    const detour = new Detour({ hostname: "127.0.0.1", port: await peer.extendedPassive() });
    return new CuttableData(
      await startTls(await Deno.connect(detour.address), peer.trusted),
      detour,
    );
  }

  cut(): Promise<void> {
    return this.#detour.cut();
  }

  [Symbol.dispose](): void {
    this.#detour[Symbol.dispose]();
    this.conn.close();
  }
}
