import assert from "node:assert/strict";
import { DataConnectionError } from "../../src/ftp/data/data_error.ts";
import { PortPool } from "../../src/ftp/data/port_pool.ts";
import { listen } from "../../src/net/connection.ts";
import { seededRandom } from "../seeded_random.ts";
import { freePorts } from "./free_ports.ts";

const LOOPBACK = "127.0.0.1";

function isNoPort(error: unknown): boolean {
  return error instanceof DataConnectionError && error.kind === "no-port";
}

Deno.test("PortPool gives every port of its inclusive range once, then none", () => {
  const range = freePorts(5);
  const pool = new PortPool({ ...range, random: seededRandom(1) });
  using stack = new DisposableStack();
  const ports = Array.from({ length: 5 }, () => stack.use(pool.open(LOOPBACK)).address.port);
  assert.deepEqual(
    ports.toSorted((a, b) => a - b),
    [0, 1, 2, 3, 4].map((step) => range.first + step),
  );
  assert.equal(pool.taken, 5);
  assert.throws(() => pool.open(LOOPBACK), isNoPort);
  stack.dispose();
  assert.equal(pool.taken, 0);
  pool.open(LOOPBACK).close();
});

Deno.test("PortPool begins anywhere in its range, not at the last port given", () => {
  const range = freePorts(8);
  const pool = new PortPool({ ...range, random: seededRandom(2) });
  const first = new Set<number>();
  for (let round = 0; round < 100; round++) {
    using listener = pool.open(LOOPBACK);
    first.add(listener.address.port);
  }
  assert.equal(first.size, 8);
});

Deno.test("PortPool passes over a port that another program holds", () => {
  const range = freePorts(3);
  using _other = listen({ hostname: LOOPBACK, port: range.first + 1 });
  const pool = new PortPool({ ...range, random: () => 0.4 });
  using stack = new DisposableStack();
  const ports = [0, 1].map(() => stack.use(pool.open(LOOPBACK)).address.port);
  assert.deepEqual(ports.toSorted((a, b) => a - b), [range.first, range.last]);
  assert.throws(() => pool.open(LOOPBACK), isNoPort);
});

Deno.test("PortPool frees a port once, however often its listener is closed", () => {
  const pool = new PortPool({ ...freePorts(1), random: () => 0 });
  const before = pool.open(LOOPBACK);
  before.close();
  using after = pool.open(LOOPBACK);
  before.close();
  before[Symbol.dispose]();
  assert.equal(pool.taken, 1);
  assert.throws(() => pool.open(LOOPBACK), isNoPort);
  after.close();
  assert.equal(pool.taken, 0);
});

Deno.test("PortPool reports an address that is not this machine's as no port", () => {
  const pool = new PortPool({ ...freePorts(2), random: () => 0 });
  assert.throws(() => pool.open("192.0.2.1"), isNoPort);
  assert.equal(pool.taken, 0);
});

Deno.test("PortPool's ports do not follow Math.random, whose state clients could compute", () => {
  const { random } = Math;
  const pool = new PortPool(freePorts(8));
  const ports = new Set<number>();
  try {
    Math.random = () => 0;
    for (let round = 0; round < 100; round++) {
      using listener = pool.open(LOOPBACK);
      ports.add(listener.address.port);
    }
  } finally {
    Math.random = random;
  }
  assert.ok(ports.size > 1);
});
