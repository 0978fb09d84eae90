import { type FtpPeer, startTls } from "./ftp_peer.ts";

/** A passive data connection under TLS whose TCP a test can end without a word of TLS. */
export class CuttableData implements Disposable {
  /** The client's end. */
  readonly conn: Deno.TlsConn;
  readonly #toGateway: Deno.TcpConn;
  readonly #toClient: Deno.TcpConn;

  private constructor(conn: Deno.TlsConn, toGateway: Deno.TcpConn, toClient: Deno.TcpConn) {
    this.conn = conn;
    this.#toGateway = toGateway;
    this.#toClient = toClient;
    for (const [from, to] of [[toGateway, toClient], [toClient, toGateway]] as const) {
      relay(from, to).catch(() => {});
    }
  }

  static async open(peer: FtpPeer): Promise<CuttableData> {
    const hostname = "127.0.0.1";
    const toGateway = await Deno.connect({ hostname, port: await peer.extendedPassive() });
    using listener = Deno.listen({ hostname, port: 0 });
    const { port } = listener.addr as Deno.NetAddr;
    const [client, toClient] = await Promise.all([
      Deno.connect({ hostname, port }),
      listener.accept(),
    ]);
    return new CuttableData(await startTls(client, peer.trusted), toGateway, toClient);
  }

  /** Sends FIN, as a client that is killed and as one that never sends close_notify. */
  async cut(): Promise<void> {
    await this.#toGateway.closeWrite();
  }

  [Symbol.dispose](): void {
    this.#toGateway.close();
    this.#toClient.close();
    this.conn.close();
  }
}

async function relay(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(64 * 1024);
  for (let count; (count = await from.read(buffer)) !== null;) {
    for (let sent = 0; sent < count;) sent += await to.write(buffer.subarray(sent, count));
  }
  await to.closeWrite();
}
