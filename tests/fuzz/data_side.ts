import { receiveAll, startTls } from "../ftp/ftp_peer.ts";
import type { Prepared } from "./client_view.ts";
import { closeQuietly, quietly } from "./gone.ts";
import type { DataBehaviour } from "./session_plan.ts";

/** The client's ends of a session's data connections, and where it listens for them. */
export class DataSide implements Disposable {
  readonly #open = new Set<Deno.Conn | Deno.Listener>();
  readonly #passive = new Map<Prepared, Deno.Conn>();

  listen(): Deno.Listener {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.#open.add(listener);
    return listener;
  }

  /**
   * The data connection of a transfer, unless it is not to be opened or the gateway does not let it.
   *
   * @param options.replied settles with the next reply.
   */
  async open(prepared: Prepared | undefined, { how, isPrivate, replied }: {
    how: DataBehaviour["how"];
    isPrivate: boolean;
    replied: () => Promise<unknown>;
  }): Promise<Deno.Conn | undefined> {
    if (how === "never") return undefined;
    const conn = prepared?.kind === "active"
      ? await this.#accept(prepared.listener, { how, replied })
      : await this.connectPassive(prepared);
    if (!conn) return undefined;
    this.#open.add(conn);
    return isPrivate ? await quietly(this.#protect(conn as Deno.TcpConn)) : conn;
  }

  /** The one connection to a passive port; it may have been opened for a command that was then not carried out. */
  async connectPassive(prepared: Prepared | undefined): Promise<Deno.Conn | undefined> {
    if (prepared?.kind !== "passive") return undefined;
    const conn = this.#passive.get(prepared) ??
      await quietly(Deno.connect({ hostname: "127.0.0.1", port: prepared.port }));
    if (!conn) return undefined;
    this.#open.add(conn);
    this.#passive.set(prepared, conn);
    return conn;
  }

  /** Ends the client's side. @returns what was downloaded, if it was read to the end. */
  async finish(
    conn: Deno.Conn,
    { how, isUpload, isPrivate }: {
      how: DataBehaviour["how"];
      isUpload: boolean;
      isPrivate: boolean;
    },
  ): Promise<Uint8Array | undefined> {
    if (how === "half-close" || (isUpload && isPrivate)) await quietly(conn.closeWrite());
    const isRead = !isUpload && (how === "whole" || how === "half-close");
    const received = isRead ? await quietly(receiveAll(conn)) : undefined;
    if (how !== "half-close") closeQuietly(conn);
    return received;
  }

  async #protect(conn: Deno.TcpConn): Promise<Deno.Conn> {
    const tls = await startTls(conn);
    this.#open.add(tls);
    await tls.handshake();
    return tls;
  }

  /** The connection that the gateway opens, unless it says before that it cannot. */
  async #accept(
    listener: Deno.Listener | undefined,
    { how, replied }: { how: DataBehaviour["how"]; replied: () => Promise<unknown> },
  ): Promise<Deno.Conn | undefined> {
    if (!listener || how === "reset") return undefined;
    const conn = await Promise.race([
      quietly(listener.accept()),
      replied().then(() => undefined),
    ]);
    if (!conn) closeQuietly(listener);
    return conn;
  }

  [Symbol.dispose](): void {
    for (const resource of this.#open) closeQuietly(resource);
  }
}
