import assert from "node:assert/strict";
import { systemClock } from "../../src/clock.ts";
import { greeting, login, tls, workingDirectory } from "../../src/doctor/target/control_checks.ts";
import { extendedPassive, passive } from "../../src/doctor/target/data_checks.ts";
import { dns, tcp } from "../../src/doctor/target/network_checks.ts";
import { list } from "../../src/doctor/target/transfer_checks.ts";
import { type Target, TargetSurvey } from "../../src/doctor/target/target_survey.ts";
import {
  type Connection,
  listen,
  type SocketAddress,
  systemDialer,
} from "../../src/net/connection.ts";

const RUN = { signal: new AbortController().signal, found: () => [] };
const TARGET: Target = {
  name: "ftp://user@server:21",
  hostname: "server",
  port: 21,
  user: "user",
  password: "secret",
  tls: "never",
  trusted: [],
  passivePorts: undefined,
};

/** A server that answers each command by its first word; whoever asks for port 21 of an address gets there. */
class ScriptedServer implements AsyncDisposable {
  readonly #listener = listen({ hostname: "127.0.0.1", port: 0 });
  readonly #replies: Readonly<Record<string, string>>;
  readonly #served: Promise<void>;
  /** Connections so far. */
  connections = 0;

  constructor(replies: Readonly<Record<string, string>>) {
    this.#replies = replies;
    this.#served = this.#accept();
  }

  survey(
    target: Target,
    { address, deaf, tlsError, data }: {
      address: string;
      /** An address of the name that nobody answers at. */
      deaf?: string;
      tlsError?: Error;
      /** Where data connections get to; TLS fails on them only. */
      data?: SocketAddress;
    },
  ): TargetSurvey {
    const survey = new TargetSurvey(target, {
      clock: systemClock,
      libc: new Error("no libc"),
      listen,
      resolve: () => Promise.resolve(deaf === undefined ? [address] : [deaf, address]),
      dialer: {
        ...systemDialer,
        connect: ({ hostname, port }, signal) => {
          if (port === data?.port) return systemDialer.connect(data, signal);
          return port === target.port && hostname !== deaf
            ? systemDialer.connect(this.#listener.address, signal)
            : Promise.reject(new Deno.errors.ConnectionRefused("Connection refused"));
        },
        startTls(connection) {
          if (data && connection.remote.port !== data.port) return Promise.resolve(connection);
          connection.close();
          return Promise.reject(tlsError);
        },
      },
    });
    // Checks that write into it fail.
    Object.freeze(survey);
    return survey;
  }

  async #accept(): Promise<void> {
    const served: Promise<void>[] = [];
    for (let it; (it = await this.#listener.accept());) served.push(this.#serve(it));
    await Promise.all(served);
  }

  async #serve(accepted: Connection): Promise<void> {
    this.connections++;
    using connection = accepted;
    const send = (reply: string) => connection.write(new TextEncoder().encode(`${reply}\r\n`));
    try {
      await send(this.#replies.greeting ?? "220 ready");
      const buffer = new Uint8Array(1_024);
      for (let size; (size = await connection.read(buffer)) !== null;) {
        const [word = ""] = new TextDecoder().decode(buffer.subarray(0, size)).trim().split(" ");
        await send(this.#replies[word] ?? "200 OK");
      }
    } catch {
      // The client went away.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#served;
  }
}

const LOGIN = { USER: "331 password", PASS: "230 in" };

Deno.test("target: every check works alone, in any order, and what one has learned no other asks for again", async () => {
  await using server = new ScriptedServer({ ...LOGIN, PWD: '257 "/home"' });
  using survey = server.survey(TARGET, { address: "1.2.3.1", deaf: "1.2.3.9" });
  const outcomes = [];
  for (const check of [workingDirectory, login, tls, greeting, tcp, dns]) {
    for (const { status, summary } of await check.run(survey, RUN)) {
      outcomes.push(`${status}: ${summary}`);
    }
  }
  assert.deepEqual(outcomes, [
    "pass: The working directory is /home",
    "pass: user is logged in in clear text",
    "warn: TLS is not used, because of --plain: passwords and files can be read on the way",
    "pass: 220 ready; no features",
    "warn: 1.2.3.1:21 accepts connections, but not at every address of the name",
    "pass: server is 1.2.3.9 (public), 1.2.3.1 (public)",
  ]);
  // One to see that it opens, one for the greeting, one to work with.
  assert.equal(server.connections, 3);
});

Deno.test("target: a server that takes no more connections is told by whichever check opens one", async () => {
  await using server = new ScriptedServer({ greeting: "421 Too many" });
  using survey = server.survey(TARGET, { address: "1.2.3.1" });
  for (const check of [login, greeting]) {
    const [outcome] = await check.run(survey, RUN);
    assert.equal(outcome?.summary, "The server greets with 421 Too many");
    assert.match(outcome.remedy!.text, /max_connection_num/);
  }
});

for (
  const [named, reached, why] of [
    ["10.0.0.2", "1.2.3.1", /behind a NAT and names its inner address/],
    ["10.0.0.2", "192.168.1.9", /another inner network/],
    ["1.2.9.7", "1.2.3.1", /public address and not the server's/],
    ["198.18.0.7", "1.2.3.1", /behind a NAT and names its inner address/],
    ["203.0.113.7", "1.2.3.1", /Such addresses stand in examples and belong to nobody/],
    ["240.0.0.1", "1.2.3.1", /^No other machine can reach such an address/],
    ["127.0.0.1", "1.2.3.1", /^No other machine can reach such an address/],
    ["0.0.0.0", "1.2.3.1", /^No other machine can reach such an address/],
    ["169.254.7.7", "10.0.0.2", /^No other machine can reach such an address/],
  ] as const
) {
  Deno.test(`target.pasv: ${named} in the 227 reply of ${reached} is told for what it is`, async () => {
    await using server = new ScriptedServer({
      ...LOGIN,
      PASV: `227 Entering Passive Mode (${named.replaceAll(".", ",")},234,96)`,
    });
    using survey = server.survey(TARGET, { address: reached });
    const [outcome, ...others] = await passive.run(survey, RUN);
    assert.deepEqual([outcome?.status, others], ["fail", []]);
    assert.match(outcome!.summary, new RegExp(`^227 names ${named} .* cannot be reached`));
    assert.match(outcome!.detail!, why);
  });
}

Deno.test("target.list: after a data connection that broke, other checks do not take its reply for theirs", async () => {
  using data = listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = data.address;
  await using server = new ScriptedServer({
    ...LOGIN,
    AUTH: "234 go on",
    FEAT: "211-Features\r\n AUTH TLS\r\n211 end",
    EPSV: "500 no",
    PASV: `227 Entering Passive Mode (1,2,3,1,${port >> 8},${port & 255})`,
    LIST: "150 here it comes\r\n425 TLS failed",
    PWD: '257 "/home"',
  });
  const tlsError = new Deno.errors.InvalidData("received fatal alert");
  const target: Target = { ...TARGET, tls: "wanted" };
  using survey = server.survey(target, { address: "1.2.3.1", tlsError, data: data.address });
  const [outcome] = await list.run(survey, RUN);
  assert.equal(outcome!.summary, "LIST: TLS fails on the data connection: received fatal alert");
  assert.match(outcome!.detail!, /^TLS works on the control connection, and the data port is open/);
  assert.match(outcome!.remedy!.text, /require_ssl_reuse=NO.* inspects the passive range/);
  const [next] = await workingDirectory.run(survey, RUN);
  assert.equal(next!.summary, "The working directory is /home");
});

Deno.test("target.epsv: a server that refuses EPSV is warned of, as PASV is left", async () => {
  await using server = new ScriptedServer({ ...LOGIN, EPSV: "500 EPSV not understood" });
  using survey = server.survey(TARGET, { address: "1.2.3.1" });
  const [outcome] = await extendedPassive.run(survey, RUN);
  assert.deepEqual([outcome!.status, outcome!.summary], [
    "warn",
    "EPSV was answered with 500 EPSV not understood",
  ]);
  assert.match(outcome!.remedy!.text, /Most clients go on with PASV/);
});

for (
  const [message, remedy] of [
    ["invalid peer certificate: UnknownIssuer", /^Nobody whom this machine trusts has signed it/],
    ["invalid peer certificate: certificate expired", /^Renew it/],
    ["received corrupt message of type InvalidContentType", /^With ftps:\/\/ TLS begins at once/],
  ] as const
) {
  Deno.test(`target.greeting over ftps: what to do about "${message}"`, async () => {
    await using server = new ScriptedServer({});
    const tlsError = new Deno.errors.InvalidData(message);
    const target: Target = { ...TARGET, tls: "implicit" };
    using survey = server.survey(target, { address: "1.2.3.1", tlsError });
    const [outcome] = await greeting.run(survey, RUN);
    assert.equal(outcome?.status, "fail");
    assert.match(outcome.remedy!.text, remedy);
    assert.doesNotMatch(outcome.remedy!.text, /--plain/);
  });
}
