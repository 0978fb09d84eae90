import assert from "node:assert/strict";
import { nextTurn } from "../../src/net/connection.ts";
import { answer, failure, Harness } from "./http_client_harness.ts";
import { bytesOf, textOf } from "./scripted_connection.ts";

Deno.test("client sends what it is told, Host and Content-Length exactly once", async () => {
  const heads: string[] = [];
  await using harness = new Harness(async (peer) => {
    for (let head; (head = await peer.readHead()) !== null;) {
      heads.push(head);
      await peer.readBytes(Number(/content-length: (\d+)/.exec(head)?.[1] ?? 0));
      await peer.write(answer(""));
    }
  });
  await harness.text({ target: "/a%20b?c=%2F", headers: { host: "b.cos.test", "x-cos-a": "1" } });
  await harness.text({ method: "PUT", text: "abc" });
  await harness.text({ method: "POST" });
  await harness.text({ method: "DELETE" });
  assert.deepEqual(heads, [
    "GET /a%20b?c=%2F HTTP/1.1\r\nhost: b.cos.test\r\nx-cos-a: 1\r\n\r\n",
    "PUT / HTTP/1.1\r\nhost: cos.test\r\ncontent-length: 3\r\n\r\n",
    "POST / HTTP/1.1\r\nhost: cos.test\r\ncontent-length: 0\r\n\r\n",
    "DELETE / HTTP/1.1\r\nhost: cos.test\r\n\r\n",
  ]);
});

Deno.test("client uses one connection for one request after the other", async () => {
  await using harness = new Harness(async (peer) => {
    for (let count = 1; await peer.readHead() !== null; count++) {
      await peer.write(answer(`${count}`));
    }
  });
  assert.deepEqual([await harness.text(), await harness.text(), await harness.text()], [
    "1",
    "2",
    "3",
  ]);
  assert.equal(harness.server.connections, 1);
});

Deno.test("client sends a small body in one write with its head", async () => {
  await using harness = new Harness(async (peer) => {
    await peer.readHead();
    await peer.write(answer(textOf(await peer.readBytes(6))));
  });
  const body = [new Uint8Array([97, 98]), new Uint8Array([99, 100, 101, 102])];
  assert.equal(await harness.text({ method: "PUT", body }), "abcdef");
  assert.equal(harness.dialer.connections[0]!.written.length, 1);
});

Deno.test("client sends a large body from the caller's memory", async () => {
  const memory = new Uint8Array(3 << 20).map((_, index) => index % 251);
  const body = [memory.subarray(5, 1 << 20), memory.subarray(1 << 20)];
  let received: Uint8Array | undefined;
  await using harness = new Harness(async (peer) => {
    await peer.readHead();
    received = await peer.readBytes(memory.length - 5);
    await peer.write(answer(""));
  });
  await harness.text({ method: "PUT", body });
  assert.deepEqual(received, memory.subarray(5));
  const [, ...pieces] = harness.dialer.connections[0]!.written;
  assert.ok(pieces.every(({ buffer }) => buffer === memory.buffer));
});

Deno.test("client reads an answer split at any byte", async () => {
  const whole = answer("abc", "X-A: 1");
  await using harness = new Harness(async (peer) => {
    for (let at = 1; await peer.readHead() !== null; at++) {
      await peer.write(whole.slice(0, at));
      await new Promise((resolve) => setTimeout(resolve, 0));
      await peer.write(whole.slice(at));
    }
  });
  for (let at = 1; at < whole.length; at++) {
    using response = await harness.send();
    assert.equal(response.status, 200);
    assert.equal(response.fields.get("x-a"), "1");
    assert.equal(response.length, 3);
    assert.equal(textOf(await response.collect(3)), "abc");
  }
  assert.equal(harness.server.connections, 1);
});

Deno.test("client reads chunks and goes on with the connection", async () => {
  await using harness = new Harness(async (peer) => {
    while (await peer.readHead() !== null) {
      await peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
      await peer.write("2\r\nde\r\n0\r\n\r\n");
    }
  });
  assert.equal(await harness.text(), "abcde");
  assert.equal(await harness.text(), "abcde");
  assert.equal(harness.server.connections, 1);
});

Deno.test("client reads until the end of the connection where no length is announced", async () => {
  await using harness = new Harness(async (peer) => {
    await peer.readHead();
    await peer.write("HTTP/1.1 200 OK\r\n\r\nabc");
  });
  assert.equal(await harness.text(), "abc");
  assert.equal(await harness.text(), "abc");
  assert.equal(harness.server.connections, 2);
});

Deno.test("client does not go on with a connection that is to be closed", async () => {
  await using harness = new Harness(async (peer) => {
    await peer.readHead();
    await peer.write(answer("abc", "Connection: close"));
    await peer.gone();
  });
  await harness.text();
  await harness.dialer.connections[0]!.closed;
});

Deno.test("client knows answers that have no body whatever they announce", async () => {
  await using harness = new Harness(async (peer) => {
    await peer.readHead();
    await peer.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    await peer.readHead();
    await peer.write("HTTP/1.1 204 No Content\r\n\r\n");
    await peer.readHead();
    await peer.write(answer("end"));
    await peer.gone();
  });
  using head = await harness.send({ method: "HEAD" });
  assert.equal(head.fields.get("content-length"), "1000");
  assert.equal(await head.read(new Uint8Array(1)), null);
  assert.equal(await harness.text({ method: "DELETE" }), "");
  assert.equal(await harness.text(), "end");
  assert.equal(harness.server.connections, 1);
});

Deno.test("client never decodes and never asks for an encoding", async () => {
  const gzip = "\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0";
  let head: string | null = "";
  await using harness = new Harness(async (peer) => {
    head = await peer.readHead();
    await peer.write(answer(gzip, "Content-Encoding: gzip"));
  });
  assert.equal(await harness.text(), gzip);
  assert.doesNotMatch(head!, /accept-encoding/i);
});

Deno.test("client passes over interim answers, but not over endless ones", async () => {
  await using harness = new Harness(async (peer) => {
    await peer.readHead();
    await peer.write("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n");
    await peer.write(answer("abc"));
    await peer.readHead();
    await peer.write("HTTP/1.1 102 Processing\r\n\r\n".repeat(100));
    await peer.gone();
  });
  assert.equal(await harness.text(), "abc");
  await failure(harness.text(), "malformed");
});

Deno.test("client follows no redirect", async () => {
  await using harness = new Harness(async (peer) => {
    await peer.readHead();
    await peer.write("HTTP/1.1 301 Moved\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n");
    assert.equal(await peer.readHead(), null);
  });
  using response = await harness.send();
  assert.equal(response.status, 301);
  harness.client[Symbol.dispose]();
});

Deno.test("client closes the connection of an answer that is not read to its end", async () => {
  await using harness = new Harness(async (peer) => {
    await peer.readHead();
    await peer.write(answer("abcdef"));
    await peer.gone();
  });
  {
    using response = await harness.send();
    assert.equal(await response.read(new Uint8Array(3)), 3);
  }
  await harness.dialer.connections[0]!.closed;
});

Deno.test("client takes a refusal before the body's end, and stops sending", async () => {
  const slice = new Uint8Array(1 << 20);
  await using harness = new Harness(async (peer, connection) => {
    await peer.readHead();
    await peer.write(
      connection === 1
        ? "HTTP/1.1 403 Forbidden\r\nContent-Length: 6\r\n\r\ndenied"
        : answer("after"),
    );
    // Nothing of the body is read, so writing it cannot end.
    await harness.dialer.connections[0]!.closed;
  });
  {
    using response = await harness.send({ method: "PUT", body: Array(5000).fill(slice) });
    assert.equal(response.status, 403);
    assert.equal(textOf(await response.collect(100)), "denied");
  }
  const [first] = harness.dialer.connections;
  await first!.closed;
  assert.ok(first!.written.length < 100, `${first!.written.length} writes`);
  assert.equal(await harness.text(), "after");
  assert.equal(harness.server.connections, 2);
});

Deno.test("client stops sending when the answer begins, also to a server that goes on reading", async () => {
  await using harness = new Harness(async (peer) => {
    await peer.readHead();
    await peer.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 6\r\n\r\n");
    await peer.gone();
  });
  const body = Array(5000).fill(new Uint8Array(1 << 20));
  using _response = await harness.send({ method: "PUT", body });
  const { written } = harness.dialer.connections[0]!;
  const before = written.length;
  for (let turn = 0; turn < 20; turn++) await nextTurn();
  assert.equal(written.length, before);
});

Deno.test("client does not believe that what was not sent was accepted", async () => {
  await using harness = new Harness(async (peer) => {
    await peer.readHead();
    await peer.write(answer(""));
    await harness.dialer.connections[0]!.closed;
  });
  const body = Array(100).fill(new Uint8Array(1 << 20));
  await failure(harness.text({ method: "PUT", body }), "malformed", { requestSent: false });
});

Deno.test("client refuses a head that never ends", async () => {
  await using harness = new Harness(async (peer) => {
    await peer.readHead();
    await peer.write("HTTP/1.1 200 OK\r\n");
    const more = bytesOf("X-A: b\r\n".repeat(1000));
    for (;;) await peer.write(more);
  });
  await failure(harness.text(), "malformed", { requestSent: true });
  await harness.dialer.connections[0]!.closed;
});

Deno.test("client refuses a body above the caller's limit", async () => {
  await using harness = new Harness(async (peer) => {
    await peer.readHead();
    await peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    const more = bytesOf("10\r\n0123456789abcdef\r\n".repeat(1000));
    for (;;) await peer.write(more);
  });
  await failure(harness.send().then((response) => response.collect(100_000)), "malformed");
  await harness.dialer.connections[0]!.closed;
});

for (
  const [what, bytes] of [
    ["no HTTP", "SSH-2.0-OpenSSH_9.6\r\n\r\n"],
    [
      "contradicting lengths",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    ],
    ["an unknown coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: br\r\n\r\n"],
  ] as const
) {
  Deno.test(`client reports ${what} as malformed`, async () => {
    await using harness = new Harness(async (peer) => {
      await peer.readHead();
      await peer.write(bytes);
      await peer.gone();
    });
    await failure(harness.text(), "malformed", { requestSent: true });
    await harness.dialer.connections[0]!.closed;
  });
}

Deno.test("client reports a body that breaks off as lost", async () => {
  await using harness = new Harness(async (peer) => {
    await peer.readHead();
    await peer.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
  });
  using response = await harness.send();
  const into = new Uint8Array(10);
  assert.equal(await response.read(into), 3);
  await failure(response.read(into), "lost", { requestSent: true });
});

Deno.test("client that is closed fails what is in flight and what comes", async () => {
  await using harness = new Harness(async (peer) => {
    await peer.readHead();
    harness.client[Symbol.dispose]();
    await peer.gone();
  });
  await failure(harness.text(), "lost");
  await failure(harness.text(), "not-connected", { requestSent: false });
});
