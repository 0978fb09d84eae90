import type { IncomingRequest, OutgoingResponse } from "../net/http_server.ts";
import type { FaultRule, Faults } from "./faults.ts";
import { parseFaultRule } from "./faults.ts";
import type { Traffic } from "./traffic.ts";

/** The path of the control endpoint begins with this in place of a bucket, which cannot be called so. */
export const CONTROL_BUCKET = "_emulator";

const FAULTS = `/${CONTROL_BUCKET}/faults`;
const REQUESTS = `/${CONTROL_BUCKET}/requests`;
const MAX_BODY = 1024 * 1024;

/**
 * Answers a request to the control endpoint, which only the machine itself may use: it needs no signature.
 *
 * @throws MessageError when the connection breaks.
 */
export async function control(
  request: IncomingRequest,
  { faults, traffic }: { faults: Faults; traffic: Traffic },
): Promise<OutgoingResponse> {
  if (!/^(127\.|::1$)/.test(request.remote.hostname)) {
    return json(403, { error: "Cannot control the emulator: only loopback addresses may" });
  }
  const { method, target } = request.head;
  switch (`${method} ${target}`) {
    case `GET ${REQUESTS}`:
      return json(200, traffic.counts);
    case `GET ${FAULTS}`:
      return json(200, faults.rules);
    case `DELETE ${FAULTS}`:
      faults.clear();
      return json(200, []);
    case `PUT ${FAULTS}`: {
      let rules: FaultRule[];
      try {
        rules = readRules(new TextDecoder().decode(await request.body.collect(MAX_BODY)));
      } catch (error) {
        if (!(error instanceof TypeError || error instanceof SyntaxError)) throw error;
        return json(400, { error: error.message });
      }
      faults.clear();
      for (const rule of rules) faults.add(rule);
      return json(200, faults.rules);
    }
    default:
      return json(404, {
        error: `Cannot ${method} ${target}: wanted GET, PUT or DELETE ${FAULTS}, ` +
          `or GET ${REQUESTS}`,
      });
  }
}

/** @throws SyntaxError, TypeError. */
function readRules(text: string): FaultRule[] {
  const rules: unknown = JSON.parse(text);
  if (!Array.isArray(rules)) {
    throw new TypeError("Cannot switch on faults: the body is no array, wanted [{rule}, ...]");
  }
  return rules.map(parseFaultRule);
}

function json(status: number, value: unknown): OutgoingResponse {
  return {
    status,
    fields: [["Content-Type", "application/json"]],
    body: new TextEncoder().encode(JSON.stringify(value, undefined, 2) + "\n"),
  };
}
