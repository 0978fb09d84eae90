import assert from "node:assert/strict";
import {
  formatHostPort,
  parseExtendedHostPort,
  parseHostPort,
} from "../../src/ftp/data/host_port.ts";

Deno.test("parseHostPort reads six numbers of at most 255", () => {
  assert.deepEqual(parseHostPort("192,0,2,1,7,208"), { hostname: "192.0.2.1", port: 2000 });
  assert.deepEqual(parseHostPort(" 192,000,002,001,0,255 "), { hostname: "192.0.2.1", port: 255 });
  for (
    const text of [
      "",
      "192,0,2,1,7",
      "192,0,2,1,7,208,1",
      "192,0,2,256,7,208",
      "192,0,2,1,7,256",
      "192,0,2,-1,7,208",
      "192,0,2,,7,208",
      "192.0.2.1,7,208",
      "0x7f,0,0,1,7,208",
      "1e1,0,0,1,7,208",
      "192,0,2, 1,7,208",
    ]
  ) assert.throws(() => parseHostPort(text), SyntaxError, text);
});

Deno.test("formatHostPort writes IPv4 addresses, mapped ones too, and nothing else", () => {
  assert.equal(formatHostPort({ hostname: "192.0.2.1", port: 2000 }), "192,0,2,1,7,208");
  assert.equal(formatHostPort({ hostname: "::ffff:192.0.2.1", port: 65535 }), "192,0,2,1,255,255");
  for (const hostname of ["2001:db8::1", "example.org", ""]) {
    assert.throws(() => formatHostPort({ hostname, port: 1 }), RangeError, hostname);
  }
});

Deno.test("parseExtendedHostPort reads both families, with any delimiter", () => {
  for (
    const [text, hostname, port] of [
      ["|1|192.0.2.1|2000|", "192.0.2.1", 2000],
      ["!1!192.0.2.1!65535!", "192.0.2.1", 65535],
      ["|2|2001:db8::1|2000|", "2001:db8::1", 2000],
      ["|2|::ffff:192.0.2.1|2000|", "192.0.2.1", 2000],
    ] as const
  ) assert.deepEqual(parseExtendedHostPort(text), { hostname, port }, text);
  for (
    const text of [
      "",
      "|",
      "|1|192.0.2.1|2000",
      "1|192.0.2.1|2000|",
      "|1|192.0.2.1|2000||",
      "|1|192.0.2.1|65536|",
      "|1|192.0.2.1|-1|",
      "|1|192.0.2.1||",
      "|1|example.org|2000|",
      "|1|2001:db8::1|2000|",
      "|2|192.0.2.1|2000|",
    ]
  ) assert.throws(() => parseExtendedHostPort(text), SyntaxError, text);
  for (const text of ["|3|192.0.2.1|2000|", "||192.0.2.1|2000|", "|11|192.0.2.1|2000|"]) {
    assert.throws(() => parseExtendedHostPort(text), RangeError, text);
  }
});
