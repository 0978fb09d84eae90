import assert from "node:assert/strict";
import { PortHolder } from "../../src/doctor/probe/port_holder.ts";
import type { Listener } from "../../src/net/connection.ts";

Deno.test("ports that cannot be held for the limit of open files are given up, with what to do", () => {
  let open = 0;
  const listen = ({ port }: { port: number }): Listener => {
    if (port === 60_002) {
      throw Object.assign(new Error("Too many open files (os error 24)"), { code: "EMFILE" });
    }
    open++;
    return {
      address: { hostname: "127.0.0.1", port },
      accept: () => Promise.resolve(null),
      close: () => void open--,
    } as Listener;
  };
  assert.throws(
    () =>
      new PortHolder({
        listen,
        hostname: "127.0.0.1",
        range: { first: 60_000, last: 60_009 },
        besideGateway: false,
        also: [],
      }),
    /^Error: Cannot hold port 60002: Too many .*: raise the limit \(ulimit -n 1034\), or name fewer by --passive-ports$/,
  );
  assert.equal(open, 0);
});
