import assert from "node:assert/strict";
import { allOf, assertOpened, exposureOf } from "./exposure.ts";
import type { Host } from "./namespaces.ts";
import { type Nat, ROUTER, SERVER, SERVER_6 } from "./network.ts";
import { linesFor, type ReportedFinding, Scene } from "./scene.ts";

/** A network in which something is wrong, what doctor has to say, and that mending it as printed mends it and nothing else. */
export interface NetworkCase {
  readonly name: string;
  /** @default "none" */
  readonly nat?: Nat;
  /** Whether clients come by IPv6 too. @default false */
  readonly ipv6?: boolean;
  /** Lines of [NETWORK]. */
  readonly settings?: readonly string[];
  /** The address that the gateway's certificate is for; TLS must then be used. @default no TLS */
  readonly tls?: string;
  readonly onRouter?: readonly string[];
  /** Makes ready a program on the server that its lines need. */
  readonly prepare?: (server: Host) => Promise<void>;
  readonly onServer?: readonly string[];
  /** Whether the gateway runs from the start. @default true */
  readonly serves?: boolean;
  readonly expect: (scene: Scene) => Promise<void>;
}

/** Runs one. */
export async function playCase(played: NetworkCase): Promise<void> {
  const { nat = "none", ipv6, settings, tls, onRouter = [], onServer = [] } = played;
  await using scene = await Scene.build({ nat, ipv6, settings, tls });
  await scene.network.router.paste(onRouter);
  if (played.serves !== false) await scene.serve();
  await played.prepare?.(scene.network.server);
  await scene.network.server.paste(onServer);
  await played.expect(scene);
}

/** What the client sees, at the address that it knows. */
export function fromClient(scene: Scene, ...checks: string[]): Promise<readonly ReportedFinding[]> {
  return seenAt(scene, addressOf(scene), ...checks);
}

/** The same by IPv6. */
export function fromClient6(
  scene: Scene,
  ...checks: string[]
): Promise<readonly ReportedFinding[]> {
  return seenAt(scene, `[${SERVER_6}]`, ...checks);
}

function seenAt(
  scene: Scene,
  host: string,
  ...checks: string[]
): Promise<readonly ReportedFinding[]> {
  const target = `ftp://user@${host}:2121`;
  const tls = scene.authority === undefined ? ["--plain"] : ["--ca", scene.authority];
  return scene.doctor(scene.network.client, ...tls, "--target", target, ...checks);
}

/** What the server sees. */
export function onServer(scene: Scene, ...checks: string[]): Promise<readonly ReportedFinding[]> {
  return scene.doctor(scene.network.server, ...checks);
}

function addressOf({ nat }: Scene): string {
  return nat === "none" ? SERVER : ROUTER;
}

/** Pastes what `findings` print for `comment`, on `host`; their check must then pass, and what is reached have grown by `opened`. */
export async function mend(scene: Scene, options: {
  findings: readonly ReportedFinding[];
  comment: string;
  on: Host;
  /** Ports and ICMP messages of the server that nothing else may come with. */
  opened: readonly string[];
  /** For whom. @default the client */
  from?: Host;
  /** At which address. @default the one that the client knows */
  address?: string;
  /** Looks again. */
  again: (scene: Scene, check: string) => Promise<readonly ReportedFinding[]>;
}): Promise<void> {
  const { findings, comment, on, again, from = scene.network.client, address = addressOf(scene) } =
    options;
  const { check } = findings[0]!;
  const look = () => exposureOf(scene.network.server, { from, address });
  const before = await look();
  for (const finding of findings) await on.paste(linesFor(finding, comment));
  assertOpened({ before, after: await look(), opened: allOf(...options.opened) });
  assertPass(await again(scene, check), check);
}

export function assertPass(findings: readonly ReportedFinding[], check: string): void {
  const found = findings.filter((finding) => finding.check === check);
  assert.ok(found.length > 0, `${check} has no finding`);
  assert.deepEqual(found.filter(({ status }) => status !== "pass"), []);
}

/** Every finding is a pass, but for those about TLS, which nobody speaks here, and writing, which nobody asked for. */
export function assertWell(findings: readonly ReportedFinding[]): void {
  const worse = findings.filter(({ status, check }) =>
    status !== "pass" && check !== "target.tls" && check !== "target.write"
  );
  assert.deepEqual(worse, []);
}
