/**
 * The client's end of an active data connection in a process of its own: killed while something is unread, it resets the
 * connection, which Deno's own close does not (it sends FIN first). Run by `broken_upload_test.ts`.
 *
 *     data_client.ts BYTES
 *
 * Prints the port that it listens on, takes one connection, reads one byte, sends so many, prints a line, and waits.
 */
import { sendAll } from "./ftp_peer.ts";

const print = (text: string) => Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));

const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
print(`${(listener.addr as Deno.NetAddr).port}`);
const data = await listener.accept();
await data.read(new Uint8Array(1));
await sendAll(data, new Uint8Array(Number(Deno.args[0])));
print("sent");
await listener.accept();
