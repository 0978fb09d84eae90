/**
 * Attacks the gateway on a port of `::1`, as a process of its own, until it is killed; says when the attack is at its height.
 *
 *     attacker.ts ATTACK PORT
 */
import { ATTACK_NAMES, type AttackName } from "./attacks.ts";
import { announceReady } from "./ready.ts";

const MIB = 1024 ** 2;

/** Connections of those that send without end. */
const FLOODING = 10;

/** As many as one address may have. */
const PATIENT = 128;

const SILENT = 10_000;

/** At its height when the promise resolves; the attack goes on behind it. */
type Attack = (connect: () => Promise<Deno.TcpConn>) => Promise<void>;

const ATTACKS: Readonly<Record<AttackName, Attack>> = {
  /** The oldest gives way to a new one, so that there are always as many and always some that come. */
  async silent(connect) {
    const conns: Deno.TcpConn[] = [];
    const open = async () => {
      conns.push(await connect());
      if (conns.length > SILENT) conns.shift()!.close();
    };
    await together(100, async () => {
      while (conns.length < SILENT) await open();
    });
    goOn(100, open);
  },

  async slow(connect) {
    const login = new TextEncoder().encode("USER somebody\r");
    await together(PATIENT, async () => {
      const conn = await connect();
      goOn(1, async () => {
        for (const byte of login) {
          await conn.write(Uint8Array.of(byte));
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      });
    });
  },

  telnet: flooding(new Uint8Array(MIB).map((_, index) => index % 2 === 0 ? 255 : 241)),

  line: flooding(new Uint8Array(MIB).fill(65), { ends: 64 }),

  garbage: flooding(crypto.getRandomValues(new Uint8Array(65_536))),

  async logins(connect) {
    await together(PATIENT / 2, async () => {
      await (await connect()).close();
      goOn(1, async () => {
        using conn = await connect();
        await converse(conn, "USER bench\r\nPASS wrong\r\n".repeat(3));
      });
    });
  },
};

/** Connections that send the same over and over, and read what they are told. @param ends a line's, after so many times. */
function flooding(bytes: Uint8Array<ArrayBuffer>, { ends = Infinity } = {}): Attack {
  return async (connect) => {
    await together(FLOODING, async () => {
      (await connect()).close();
      goOn(1, async () => {
        using conn = await connect();
        drain(conn);
        for (let sent = 1;; sent++) {
          await sendAll(conn, bytes);
          if (sent % ends === 0) await sendAll(conn, new TextEncoder().encode("\r\n"));
        }
      });
    });
  };
}

async function converse(conn: Deno.TcpConn, text: string): Promise<void> {
  await sendAll(conn, new TextEncoder().encode(text));
  await drain(conn);
}

async function sendAll(conn: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await conn.write(bytes.subarray(sent));
}

async function drain(conn: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(65_536);
  while (await conn.read(buffer).catch(() => null) !== null);
}

function together(count: number, act: () => Promise<void>): Promise<unknown> {
  return Promise.all(Array.from({ length: count }, act));
}

/** So many do it again and again, whatever becomes of it. */
function goOn(count: number, act: () => Promise<void>): void {
  const forever = async () => {
    for (;;) await act().catch(() => {});
  };
  for (let index = 0; index < count; index++) forever();
}

const [name, port] = Deno.args;
if (!ATTACK_NAMES.includes(name as AttackName)) {
  throw new TypeError(`Cannot attack by "${name}": wanted ${ATTACK_NAMES.join(", ")}`);
}
await ATTACKS[name as AttackName](() => Deno.connect({ hostname: "::1", port: Number(port) }));
announceReady(Number(port));
