import assert from "node:assert/strict";
import { noise } from "../checksum/noise.ts";
import { FtpPeer } from "../ftp/ftp_peer.ts";
import { seededRandom } from "../seeded_random.ts";
import { clientEnvironment } from "./client_run.ts";
import { gatewayTests } from "./client_test_case.ts";
import { sha256 } from "./file_tree.ts";
import { type Gateway, PART_SIZE } from "./gateway.ts";
import type { Client } from "./installed.ts";

/** How often each client is killed before it may finish. */
const KILLS = 4;

const FILE = noise(24 * PART_SIZE + 12_345);

/** What else a client is told to do to go on where the last one was killed. */
interface Resuming {
  readonly clients: readonly [Client, ...Client[]];
  readonly name: string;
  /** Stores `file` of the working directory, or the rest of it. `size`: what SIZE says, 0 for nothing. */
  command(gateway: Gateway, size: number): readonly [program: string, ...args: string[]];
  stdin?(gateway: Gateway, size: number): string;
  /** Whether it uploads the file anew instead. @default false */
  readonly beginsAnew?: boolean;
}

const RESUMING: readonly Resuming[] = [
  {
    clients: ["curl"],
    name: "-C - -T",
    command: (gateway) => ["curl", "-sS", "-C", "-", "-T", "file", urlOf(gateway)],
  },
  {
    clients: ["lftp"],
    name: "put -c",
    command: (gateway) => ["lftp", "-c", `open ${urlOf(gateway)}; put -c file`],
  },
  {
    clients: ["lftp"],
    name: "reput",
    command: (gateway) => ["lftp", "-c", `open ${urlOf(gateway)}; reput file`],
  },
  {
    clients: ["ftp"],
    name: "restart and put",
    command: ({ host, port }) => ["ftp", "-n", "-v", host, String(port)],
    stdin: ({ user, password }, size) =>
      [`user ${user} ${password}`, "binary", `restart ${size}`, "put file", "bye", ""].join("\n"),
  },
  {
    clients: ["python3"],
    name: "ftplib with rest",
    command: ({ host, port, user, password }, size) => [
      "python3",
      "-c",
      "import ftplib, sys\n" +
      "host, port, user, password, rest = sys.argv[1:]\n" +
      "ftp = ftplib.FTP()\nftp.connect(host, int(port))\nftp.login(user, password)\n" +
      "file = open('file', 'rb')\nfile.seek(int(rest))\n" +
      "ftp.storbinary('STOR file', file, rest=int(rest) or None)\n",
      host,
      String(port),
      user,
      password,
      String(size),
    ],
  },
  {
    clients: ["ncftp"],
    name: "ncftpput -z",
    beginsAnew: true,
    command: (
      { host, port, user, password },
    ) => [
      "ncftpput",
      "-z",
      "-V",
      "-r",
      "0",
      "-u",
      user,
      "-p",
      password,
      "-P",
      `${port}`,
      host,
      "/",
      "file",
    ],
  },
];

for (const { clients, name, command, stdin, beginsAnew } of RESUMING) {
  gatewayTests(clients)(
    `stores the whole file by ${name}, wherever it was killed`,
    async ({ gateway, folder }) => {
      await Deno.writeFile(`${folder}/file`, FILE);
      const { traffic } = gateway.bucket;
      const random = seededRandom(name.length);
      let kept = 0;
      for (let kills = 0, isLast = false; !isLast;) {
        const left = Math.floor((FILE.length - kept) / PART_SIZE);
        // A client that has ended its data connection has done its work: none is killed in the last part.
        isLast = kills === KILLS || left < 2;
        const parts = 1 + Math.floor(random() * (left / 2));
        const { begun } = traffic.count("UploadPart");
        using held = isLast ? undefined : gateway.bucket.hold("UploadPart", parts - 1);
        const [program, ...args] = command(gateway, kept);
        const child = new Deno.Command(program, {
          args,
          cwd: folder,
          clearEnv: true,
          env: clientEnvironment(folder),
          stdin: "piped",
          stdout: "null",
          stderr: "null",
        }).spawn();
        const feeding = feed(child, stdin?.(gateway, kept));
        if (isLast) {
          assert.equal((await child.status).code, 0);
        } else {
          await traffic.begun("UploadPart", begun + parts);
          child.kill("SIGKILL");
          await child.status;
          held?.[Symbol.dispose]();
          kills++;
          await gateway.process.said(new RegExp(`(Kept an interrupted upload[^]*){${kills}}`));
          kept = await sizeOf(gateway);
        }
        await feeding;
      }
      assert.equal(await gateway.bucket.sha256("file"), await sha256(FILE));
      assert.deepEqual(await gateway.bucket.pendingUploads(), []);
      const { received } = traffic.count("UploadPart");
      assert.ok(
        beginsAnew || received <= FILE.length + KILLS * PART_SIZE,
        `${received - FILE.length} bytes were sent twice`,
      );
      const resumed = gateway.process.stderr.match(/: resumed .*/g) ?? [];
      const kills = gateway.process.stderr.match(/Kept an interrupted upload/g) ?? [];
      assert.ok(kills.length > 1, `${kills.length} were killed`);
      assert.equal(resumed.length, beginsAnew ? 0 : kills.length, resumed.join("\n"));
    },
  );
}

function urlOf({ host, port, user, password }: Gateway): string {
  return `ftp://${user}:${password}@${host}:${port}/`;
}

async function sizeOf({ host, port, user, password }: Gateway): Promise<number> {
  using peer = await FtpPeer.connect({ hostname: host, port });
  await peer.expect(220);
  await peer.logIn(user, password);
  return Number((await peer.ask("SIZE file", 213)).text);
}

async function feed(child: Deno.ChildProcess, input = ""): Promise<void> {
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input)).catch(() => {});
  await writer.close().catch(() => {});
}
