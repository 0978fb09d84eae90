import assert from "node:assert/strict";
import { systemClock } from "../../src/clock.ts";
import type { Connection } from "../../src/net/connection.ts";
import { listen, systemDialer } from "../../src/net/connection.ts";
import { responseFraming } from "../../src/net/http_head.ts";
import { MessageReader } from "../../src/net/http_message.ts";
import type { HttpHandler } from "../../src/net/http_server.ts";
import { HttpServer } from "../../src/net/http_server.ts";
import type { Logger } from "../../src/telemetry/log.ts";

const encoder = new TextEncoder();

/** A server, one connection to it, and what the server logged as an error. */
class Rig implements AsyncDisposable {
  readonly errors: string[] = [];
  readonly connection: Connection;
  readonly reader: MessageReader;
  readonly #server: HttpServer;

  private constructor(server: HttpServer, connection: Connection, errors: string[]) {
    this.#server = server;
    this.connection = connection;
    this.reader = new MessageReader(connection);
    this.errors = errors;
  }

  static async start(handler: HttpHandler): Promise<Rig> {
    const errors: string[] = [];
    const nothing = () => {};
    const logger: Logger = {
      debug: nothing,
      info: nothing,
      warning: nothing,
      error: (message) => void errors.push(message),
      critical: nothing,
      with: () => logger,
    };
    const listener = listen({ hostname: "127.0.0.1", port: 0 });
    const server = new HttpServer({ listener, handler, clock: systemClock, logger });
    const { signal } = new AbortController();
    return new Rig(server, await systemDialer.connect(listener.address, signal), errors);
  }

  send(text: string): Promise<void> {
    return this.connection.write(encoder.encode(text));
  }

  async receive(method = "GET"): Promise<{ status: number; text: string; fields: string }> {
    const head = await this.reader.readResponseHead();
    assert(head, "an answer");
    const body = await this.reader.body(responseFraming(head, method)).collect(1024 ** 2);
    const fields = [...head.fields].map(([name, value]) => `${name}: ${value}`).join("\n");
    return { status: head.status, text: new TextDecoder().decode(body), fields };
  }

  /** Whether the server has closed the connection without another byte. */
  async ended(): Promise<boolean> {
    return await this.reader.readResponseHead() === null;
  }

  close(): Promise<void> {
    return this.#server[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.connection.close();
    await this.close();
  }
}

/** Answers with the method, the target and the body. */
const echo: HttpHandler = async ({ head, body }) => {
  const text = new TextDecoder().decode(await body.collect(1000));
  return {
    status: 200,
    fields: [["X-Test", "1"]],
    body: encoder.encode(`${head.method} ${head.target} ${text}`),
  };
};

Deno.test("HTTP server answers pipelined requests in order on one connection", async () => {
  let release = () => {};
  const first = new Promise<void>((resolve) => release = resolve);
  await using rig = await Rig.start(async (request) => {
    if (request.head.target === "/1") await first;
    return await echo(request);
  });
  await rig.send("PUT /1 HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcGET /2 HTTP/1.1\r\n\r\n");
  release();
  assert.equal((await rig.receive()).text, "PUT /1 abc");
  assert.equal((await rig.receive()).text, "GET /2 ");
  await rig.send("GET /3 HTTP/1.1\r\n\r\n");
  const third = await rig.receive();
  assert.equal(third.text, "GET /3 ");
  assert.match(third.fields, /^x-test: 1$/m);
});

Deno.test("HTTP server sends no body to HEAD but tells its length", async () => {
  await using rig = await Rig.start(echo);
  await rig.send("HEAD /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n");
  const head = await rig.receive("HEAD");
  assert.match(head.fields, /^content-length: 8$/m);
  assert.equal((await rig.receive()).text, "GET /2 ");
});

Deno.test("HTTP server closes the connection where the client asks for it", async (t) => {
  for (const head of ["GET / HTTP/1.1\r\nConnection: close", "GET / HTTP/1.0"]) {
    await t.step(head.split("\r\n").at(-1)!, async () => {
      await using rig = await Rig.start(echo);
      await rig.send(`${head}\r\n\r\n`);
      assert.match((await rig.receive()).fields, /^connection: close$/m);
      assert(await rig.ended());
    });
  }
  await t.step("but not where an older one asks to keep it", async () => {
    await using rig = await Rig.start(echo);
    for (let i = 0; i < 2; i++) {
      await rig.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
      assert.match((await rig.receive()).fields, /^connection: keep-alive$/m);
    }
  });
});

Deno.test("HTTP server asks a client that waits for its body only when it is read", async (t) => {
  const request = "PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n";
  await t.step("read", async () => {
    await using rig = await Rig.start(echo);
    await rig.send(request);
    assert.equal((await rig.receive()).status, 100);
    await rig.send("abc");
    assert.equal((await rig.receive()).text, "PUT / abc");
  });
  await t.step("not read", async () => {
    await using rig = await Rig.start(() => Promise.resolve({ status: 403, fields: [] }));
    await rig.send(request);
    const answer = await rig.receive();
    assert.equal(answer.status, 403);
    assert.match(answer.fields, /^connection: close$/m);
  });
});

Deno.test("HTTP server's answer arrives although it comes before the end of the request", async () => {
  await using rig = await Rig.start(() => Promise.resolve({ status: 403, fields: [] }));
  const size = 8 * 1024 * 1024;
  await rig.send(`PUT / HTTP/1.1\r\nContent-Length: ${size}\r\n\r\n`);
  await rig.connection.write(new Uint8Array(size));
  assert.equal((await rig.receive()).status, 403);
  assert(await rig.ended());
});

Deno.test("HTTP server sends a streamed body by its length, or in chunks", async (t) => {
  const streamed = (length: number | undefined): HttpHandler => () =>
    Promise.resolve({
      status: 200,
      fields: [],
      body: {
        length,
        pieces: async function* () {
          yield encoder.encode("abc");
          yield await Promise.resolve(encoder.encode("defgh"));
        },
      },
    });
  await t.step("length", async () => {
    await using rig = await Rig.start(streamed(8));
    await rig.send("GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n");
    for (let i = 0; i < 2; i++) assert.equal((await rig.receive()).text, "abcdefgh");
  });
  await t.step("chunks", async () => {
    await using rig = await Rig.start(streamed(undefined));
    await rig.send("GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n");
    for (let i = 0; i < 2; i++) {
      const answer = await rig.receive();
      assert.equal(answer.text, "abcdefgh");
      assert.match(answer.fields, /^transfer-encoding: chunked$/m);
    }
  });
  await t.step("until the end for an old client", async () => {
    await using rig = await Rig.start(streamed(undefined));
    await rig.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    assert.equal((await rig.receive()).text, "abcdefgh");
  });
});

Deno.test("HTTP server breaks the connection when a body fails in the middle", async () => {
  let disposed = 0;
  await using rig = await Rig.start(() =>
    Promise.resolve({
      status: 200,
      fields: [],
      body: {
        length: undefined,
        pieces: async function* () {
          yield await Promise.resolve(encoder.encode("abc"));
          throw new Error("no more");
        },
      },
      [Symbol.dispose]: () => void disposed++,
    })
  );
  await rig.send("GET / HTTP/1.1\r\n\r\n");
  await assert.rejects(rig.receive(), /the connection ended within/);
  assert.equal(disposed, 1);
});

Deno.test("HTTP server refuses what is no request", async (t) => {
  const cases: [string, string, number][] = [
    ["no request line", "hello\r\n\r\n", 400],
    ["two lengths", "PUT / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400],
    ["endless head", `GET / HTTP/1.1\r\nX: ${"x".repeat(70_000)}`, 431],
  ];
  for (const [name, request, status] of cases) {
    await t.step(name, async () => {
      await using rig = await Rig.start(echo);
      await rig.send(request);
      assert.equal((await rig.receive()).status, status);
    });
  }
});

Deno.test("HTTP server answers 500 for a handler that throws, and logs it", async () => {
  await using rig = await Rig.start(() => Promise.reject(new Error("broken")));
  await rig.send("GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n");
  assert.equal((await rig.receive()).status, 500);
  assert.equal((await rig.receive()).status, 500);
  assert.equal(rig.errors.length, 2);
});

Deno.test("HTTP server hands a connection over and closes it afterwards", async () => {
  await using rig = await Rig.start(() =>
    Promise.resolve({ takeOver: (connection) => connection.write(encoder.encode("raw")) })
  );
  await rig.send("GET / HTTP/1.1\r\n\r\n");
  const bytes = new Uint8Array(10);
  assert.equal(await rig.connection.read(bytes), 3);
  assert.equal(await rig.connection.read(bytes), null);
});

Deno.test("HTTP server ends handlers, idle connections and the listener when it is closed", async () => {
  let began = () => {};
  const beginning = new Promise<void>((resolve) => began = resolve);
  let ended = false;
  await using rig = await Rig.start(async ({ body, signal }) => {
    began();
    await assert.rejects(body.collect(10));
    ended = signal.aborted;
    return { status: 200, fields: [] };
  });
  await rig.send("PUT / HTTP/1.1\r\nContent-Length: 3\r\n\r\n");
  await beginning;
  await rig.close();
  assert(ended);
  assert(await rig.ended());
});
