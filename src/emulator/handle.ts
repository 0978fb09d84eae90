import type { Clock } from "../clock.ts";
import { sleep } from "../clock.ts";
import type { IncomingRequest, OutgoingResponse, Takeover } from "../net/http_server.ts";
import type { Logger } from "../telemetry/log.ts";
import type { Answer, RequestBody, Target } from "./api/call.ts";
import { CosError, noSuchBucket } from "./api/cos_error.ts";
import { perform } from "./api/perform.ts";
import type { Exchange } from "./api/response.ts";
import { errorAnswer, newRequestId, toResponse } from "./api/response.ts";
import type { RequestTarget } from "./api/route.ts";
import { parseRequestTarget, regionOfHost, route, splitHost } from "./api/route.ts";
import type { Credential } from "./api/signature.ts";
import { verifySignature } from "./api/signature.ts";
import { control, CONTROL_BUCKET } from "./control.ts";
import { answerWithFault } from "./fault_injection.ts";
import type { Faults } from "./faults.ts";
import type { Storage } from "./storage/storage.ts";
import type { Traffic } from "./traffic.ts";

/** What answering takes. */
export interface Context {
  readonly region?: string;
  readonly credentials: readonly Credential[];
  readonly latency?: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly storage: Storage;
  readonly faults: Faults;
  readonly traffic: Traffic;
}

/** Answers one request: control endpoint, or signature, faults, operation. */
export async function handle(
  request: IncomingRequest,
  context: Context,
): Promise<OutgoingResponse | Takeover> {
  const { clock, logger } = context;
  const { method, target, fields } = request.head;
  const host = fields.get("host") ?? "";
  if (splitHost(host, target.slice(1)).bucket === CONTROL_BUCKET) {
    return await control(request, context);
  }
  const now = clock.now();
  const exchange = { requestId: newRequestId(now), now, method, resource: `${host}${target}` };
  let requestTarget: RequestTarget;
  let call: Target;
  try {
    requestTarget = parseRequestTarget(target);
    call = route({ method, headers: fields, ...requestTarget });
    checkPlace(call, { host, ...context });
    verifySignature({ method, headers: fields, ...requestTarget }, {
      credentials: context.credentials,
      now,
    });
  } catch (error) {
    return toResponse(refuse(error, { exchange, logger }), exchange);
  }
  return await carryOut(request, {
    ...context,
    exchange,
    target: call,
    query: requestTarget.query,
  });
}

/**
 * As COS does, says that a bucket is not there before it asks who wants to know.
 *
 * @throws {CosError} NoSuchBucket.
 */
function checkPlace(
  { operation, bucket }: Target,
  { host, region, storage }: Pick<Context, "region" | "storage"> & { host: string },
): void {
  const named = regionOfHost(host);
  const isElsewhere = region !== undefined && named !== undefined && named !== region;
  const isAbsent = !storage.buckets.has(bucket) && operation !== "PutBucket";
  if (bucket !== "" && (isElsewhere || isAbsent)) throw noSuchBucket();
}

/** Carries out an authenticated request, with the faults that are switched on for it. */
async function carryOut(
  request: IncomingRequest,
  context: Context & { exchange: Exchange; target: Target; query: ReadonlyMap<string, string> },
): Promise<OutgoingResponse | Takeover> {
  const { clock, logger, exchange, target, query, storage } = context;
  const trace = context.traffic.begin(target.operation);
  const body = new WatchedBody(request.body, trace.received);
  const performNow = async (source: RequestBody) => {
    const headers = request.head.fields;
    try {
      return await perform({ ...target, query, headers, body: source, storage, clock });
    } catch (error) {
      if (body.broken) throw error;
      return refuse(error, { exchange, logger });
    }
  };
  try {
    const faults = context.faults.take(target);
    const latency = faults.reduce(
      (sum, fault) => fault.kind === "latency" ? sum + fault.milliseconds : sum,
      context.latency ?? 0,
    );
    if (latency > 0) await sleep(clock, latency, request.signal);
    const fault = faults.find((fault) => fault.kind !== "latency");
    const response = await answerWithFault(fault, { request, body, exchange, perform: performNow });
    logger.debug("COS request", {
      operation: target.operation,
      key: target.key,
      status: "status" in response ? response.status : undefined,
      fault: fault?.kind,
      requestId: exchange.requestId,
    });
    return ending(response, trace);
  } catch (error) {
    trace[Symbol.dispose]();
    if (!body.broken && !request.signal.aborted) throw error;
    return { takeOver: () => Promise.resolve() };
  }
}

/** The answer to a request that failed with `error`. */
function refuse(
  error: unknown,
  { exchange, logger }: { exchange: Exchange; logger: Logger },
): Answer {
  if (error instanceof CosError) return errorAnswer(error, exchange);
  logger.error("COS request failed", {
    requestId: exchange.requestId,
    resource: exchange.resource,
    reason: String(error),
  });
  return errorAnswer(new CosError("InternalError", "The emulator failed."), exchange);
}

/** A body that counts its bytes and remembers whether its connection broke. */
class WatchedBody implements RequestBody {
  readonly length: number | undefined;
  readonly #source: RequestBody;
  readonly #received: (bytes: number) => void;
  #broken = false;

  constructor(source: RequestBody, received: (bytes: number) => void) {
    this.length = source.length;
    this.#source = source;
    this.#received = received;
  }

  get broken(): boolean {
    return this.#broken;
  }

  async read(into: Uint8Array): Promise<number | null> {
    try {
      const count = await this.#source.read(into);
      if (count !== null) this.#received(count);
      return count;
    } catch (error) {
      this.#broken = true;
      throw error;
    }
  }
}

/** `response`, at whose end `trace` is disposed of. */
function ending(
  response: OutgoingResponse | Takeover,
  trace: Disposable,
): OutgoingResponse | Takeover {
  if ("takeOver" in response) {
    return {
      async takeOver(connection) {
        using _trace = trace;
        await response.takeOver(connection);
      },
    };
  }
  return {
    ...response,
    [Symbol.dispose]() {
      using _trace = trace;
      response[Symbol.dispose]?.();
    },
  };
}
