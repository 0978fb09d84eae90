import { DatabaseSync } from "node:sqlite";
import type { GatewayTest } from "./client_test_case.ts";
import type { Gateway } from "./gateway.ts";

/** How FileZilla comes to TLS: the number of its protocol. */
const PROTOCOLS = { explicit: 4, implicit: 3 } as const;
type Way = keyof typeof PROTOCOLS;

const SCHEMES = { explicit: "ftpes", implicit: "ftps" };

/** What FileZilla is to do: store or fetch a file, in its home and in the root of the server, under the same name. */
export interface QueuedFile {
  readonly direction: "upload" | "download";
  readonly name: string;
}

const FLAGS = { upload: 0, download: 16 };

/**
 * FileZilla with a home, and settings, of its own. What it would ask has been answered: that the gateway's certificate is to be
 * trusted, and data connections too that do not resume the control connection's TLS session.
 */
export class FileZilla {
  readonly #home: string;
  readonly #site: { readonly way: Way; readonly gateway: Gateway; readonly port: number };

  private constructor(home: string, site: { way: Way; gateway: Gateway; port: number }) {
    this.#home = home;
    this.#site = site;
  }

  static async install(
    { home, gateway, way }: { home: string; gateway: Gateway; way: Way },
  ): Promise<FileZilla> {
    const port = way === "explicit" ? gateway.port : gateway.implicitPort!;
    const fileZilla = new FileZilla(home, { way, gateway, port });
    await Deno.mkdir(fileZilla.#settings, { recursive: true });
    await fileZilla.#write("filezilla", settings(fileZilla.#log));
    await fileZilla.#write("sitemanager", fileZilla.#siteManager());
    await fileZilla.#write("trustedcerts", await fileZilla.#trustedCertificates());
    return fileZilla;
  }

  /** Starts FileZilla, which connects and lists, has it process a queue, and waits until it has closed itself. @returns its log. */
  async process(queue: readonly QueuedFile[], run: GatewayTest["run"]): Promise<string> {
    await using display = await startDisplay();
    this.#fill(queue);
    await Deno.writeTextFile(this.#log, "");
    const env = { DISPLAY: display.name };
    const { way, port, gateway: { user, host } } = this.#site;
    const window = `^gateway - ${SCHEMES[way]}://${user}@${host}:${port} `;
    const search = ["search", "--sync", "--onlyvisible", "--name", window];
    const press = ["windowfocus", "--sync", "key", "ctrl+p"];
    await Promise.all([
      run(["filezilla", "--site", "0/gateway"], { env }),
      run(["xdotool", ...search, ...press], { env }),
    ]);
    return await Deno.readTextFile(this.#log);
  }

  /** Whether a data connection has ever resumed the control connection's TLS session, by its own notes. */
  async hasResumed(): Promise<boolean> {
    const text = await Deno.readTextFile(`${this.#settings}/trustedcerts.xml`);
    return /<FtpSessionResumption>\s*<Entry [^>]*>(\w+)</.exec(text)![1] === "true";
  }

  get #settings(): string {
    return `${this.#home}/.config/filezilla`;
  }

  get #log(): string {
    return `${this.#home}/filezilla.log`;
  }

  #write(name: string, content: string): Promise<void> {
    const text =
      `<?xml version="1.0"?>\n<FileZilla3 version="3.63.0" platform="*nix">${content}</FileZilla3>\n`;
    return Deno.writeTextFile(`${this.#settings}/${name}.xml`, text);
  }

  #siteManager(): string {
    const { way, port, gateway: { host, user, password } } = this.#site;
    return `<Servers><Server><Host>${host}</Host><Port>${port}</Port><Protocol>${
      PROTOCOLS[way]
    }</Protocol><User>${user}</User><Pass encoding="base64">${
      btoa(password)
    }</Pass><Logontype>1</Logontype><Name>gateway</Name></Server></Servers>`;
  }

  async #trustedCertificates(): Promise<string> {
    const { port, gateway: { host, certificate } } = this.#site;
    const pem = await Deno.readTextFile(certificate);
    const der = Uint8Array.fromBase64(pem.replace(/-----.*-----/g, ""));
    return `<TrustedCerts><Certificate><Data>${der.toHex()}</Data><ActivationTime>1</ActivationTime>` +
      `<ExpirationTime>4000000000</ExpirationTime><Host>${host}</Host><Port>${port}</Port>` +
      "<TrustSANs>0</TrustSANs></Certificate></TrustedCerts>" +
      `<FtpSessionResumption><Entry Host="${host}" Port="${port}">false</Entry></FtpSessionResumption>`;
  }

  #fill(queue: readonly QueuedFile[]): void {
    using database = new DatabaseSync(`${this.#settings}/queue.sqlite3`);
    database.exec(QUEUE_TABLES);
    const { way, port, gateway: { host, user, password } } = this.#site;
    database.prepare(
      "INSERT INTO servers (id, host, port, user, password, protocol, type, logontype, " +
        "timezone_offset, transfer_mode, max_connections, encoding, bypass_proxy) " +
        "VALUES (1, ?, ?, ?, ?, ?, 0, 1, 0, 'MODE_DEFAULT', 0, 'Auto', 0)",
    ).run(host, port, user, password, PROTOCOLS[way]);
    database.prepare("INSERT INTO local_paths VALUES (1, ?)").run(`${this.#home}/`);
    const insert = database.prepare(
      "INSERT INTO files (server, source_file, local_path, remote_path, size, error_count, " +
        "priority, flags, default_exists_action) VALUES (1, ?, 1, 1, -1, 0, 2, ?, -1)",
    );
    for (const { direction, name } of queue) insert.run(name, FLAGS[direction]);
  }
}

/** It asks nothing, writes a log, and closes itself when the queue is empty. */
function settings(log: string): string {
  const values = {
    "Update Check": "0",
    "Greeting version": "99.0.0",
    "Prompt password save": "0",
    "Log to file": "1",
    "Logging file": log,
    "Queue completion action": "3",
  };
  const lines = Object.entries(values).map(([name, value]) =>
    `<Setting name="${name}">${value}</Setting>`
  );
  return `<Settings>${lines.join("")}</Settings>`;
}

/** As FileZilla makes them, with the server's root as the only remote path. */
const QUEUE_TABLES = `
  DROP TABLE IF EXISTS servers;
  CREATE TABLE servers (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, host TEXT NOT NULL, port INTEGER, user TEXT,
    password TEXT, account TEXT, keyfile TEXT, protocol INTEGER, type INTEGER, logontype INTEGER, timezone_offset INTEGER,
    transfer_mode TEXT, max_connections INTEGER, encoding TEXT, bypass_proxy INTEGER, post_login_commands TEXT, name TEXT,
    parameters TEXT, site_path TEXT DEFAULT NULL);
  DROP TABLE IF EXISTS files;
  CREATE TABLE files (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, server INTEGER NOT NULL, source_file TEXT,
    target_file TEXT, local_path INTEGER, remote_path INTEGER, size INTEGER, error_count INTEGER, priority INTEGER,
    flags INTEGER, default_exists_action INTEGER, extra_flags TEXT);
  CREATE INDEX server_index ON files (server);
  DROP TABLE IF EXISTS local_paths;
  CREATE TABLE local_paths (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, path TEXT NOT NULL);
  DROP TABLE IF EXISTS remote_paths;
  CREATE TABLE remote_paths (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, path TEXT NOT NULL);
  INSERT INTO remote_paths VALUES (1, '1 0');
  PRAGMA user_version = 7;
`;

/** An X server that shows its windows to nobody; what is shown ends with it. */
async function startDisplay(): Promise<AsyncDisposable & { name: string }> {
  const child = new Deno.Command("Xvfb", {
    args: ["-displayfd", "1", "-screen", "0", "1280x900x24", "-nolisten", "tcp"],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  let number = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    number += text;
    if (number.endsWith("\n")) break;
  }
  return {
    name: `:${number.trim()}`,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await child.status;
    },
  };
}
