const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What uploads are made of; how much is written, and of downloads read, at a time. */
const CHUNK = new Uint8Array(1024 * 1024);

/** A server answered with a code of failure. */
export class FtpFailure extends Error {
  override readonly name = "FtpFailure";
}

/** Where a server is and who logs in. The host is 127.0.0.1. */
export interface FtpServerAddress {
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

/** How a transfer went. Milliseconds. */
export interface TransferTimes {
  /** Bytes over the data connection. */
  readonly bytes: number;
  /** From the command to the first byte over the data connection; of a download or a listing. */
  readonly firstByte: number;
  /** From the end of the data connection to the reply. */
  readonly tail: number;
}

/** One session of an FTP client that does as little as it can: what is measured is the server. */
export class FtpClient implements Disposable {
  readonly #control: Deno.TcpConn;
  readonly #buffer = new Uint8Array(16 * 1024);
  #text = "";

  private constructor(control: Deno.TcpConn) {
    this.#control = control;
  }

  /** Logs in and chooses TYPE I. @throws {FtpFailure} */
  static async logIn({ port, user, password }: FtpServerAddress): Promise<FtpClient> {
    const control = await Deno.connect({ hostname: "127.0.0.1", port });
    control.setNoDelay(true);
    const client = new FtpClient(control);
    try {
      await client.#reply();
      await client.command(`USER ${user}`);
      await client.command(`PASS ${password}`);
      await client.command("TYPE I");
      return client;
    } catch (error) {
      client[Symbol.dispose]();
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#control.close();
  }

  /** Sends a command. @returns its reply. @throws {FtpFailure} */
  async command(line: string): Promise<string> {
    await this.#send(line);
    return await this.#reply();
  }

  /** Uploads `size` zero bytes. @throws {FtpFailure} */
  async store(path: string, size: number): Promise<TransferTimes> {
    using data = await this.#open(`STOR ${path}`);
    for (let left = size; left > 0;) {
      left -= await data.write(left < CHUNK.length ? CHUNK.subarray(0, left) : CHUNK);
    }
    data.close();
    const ended = performance.now();
    await this.#reply();
    return { bytes: size, firstByte: 0, tail: performance.now() - ended };
  }

  /** Downloads, and drops what arrives: `RETR a`, `LIST b`. @throws {FtpFailure} */
  async receive(command: string): Promise<TransferTimes> {
    const begun = performance.now();
    using data = await this.#open(command);
    let firstByte = 0;
    let bytes = 0;
    for (let count = await data.read(CHUNK); count !== null; count = await data.read(CHUNK)) {
      firstByte ||= performance.now() - begun;
      bytes += count;
    }
    const ended = performance.now();
    await this.#reply();
    return { bytes, firstByte, tail: performance.now() - ended };
  }

  /** Opens a passive data connection for `command` and waits for its 150 (or 125). */
  async #open(command: string): Promise<Deno.TcpConn> {
    const passive = await this.command("EPSV");
    const port = Number(/\|\|\|(\d+)\|/.exec(passive)?.[1]);
    const data = await Deno.connect({ hostname: "127.0.0.1", port });
    try {
      await this.command(command);
      return data;
    } catch (error) {
      data.close();
      throw error;
    }
  }

  async #send(line: string): Promise<void> {
    const bytes = encoder.encode(`${line}\r\n`);
    for (let sent = 0; sent < bytes.length;) {
      sent += await this.#control.write(bytes.subarray(sent));
    }
  }

  /** The last line of the next reply. */
  async #reply(): Promise<string> {
    for (;;) {
      const end = this.#text.indexOf("\r\n");
      if (end === -1) {
        const count = await this.#control.read(this.#buffer);
        if (count === null) throw new FtpFailure("The server closed the control connection");
        this.#text += decoder.decode(this.#buffer.subarray(0, count));
        continue;
      }
      const line = this.#text.slice(0, end);
      this.#text = this.#text.slice(end + 2);
      if (!/^\d{3} /.test(line)) continue;
      if (line >= "4") throw new FtpFailure(line);
      return line;
    }
  }
}
