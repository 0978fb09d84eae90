import { addressScope } from "../../net/address_scope.ts";
import type { Check } from "../check.ts";
import { remedyOf, stepsData } from "../steps.ts";
import type { ServerSurvey } from "./server_survey.ts";

export const interfaces: Check<ServerSurvey> = {
  id: "server.addresses",
  title: "the addresses of this machine",
  mode: "offline",
  run(survey) {
    const own = survey.ownAddresses();
    if (own.length > 0) {
      const named = own.map(({ name, address }) => `${name} ${address} (${addressScope(address)})`);
      return [{ status: "pass", summary: named.join(", ") }];
    }
    return [{
      status: "warn",
      summary: "This machine has no address that others can reach",
      remedy: { text: "Look at its network", commands: ["ip address"] },
    }];
  },
};

export const masquerade: Check<ServerSurvey> = {
  id: "server.masquerade",
  title: "masquerade_address: what the 227 reply names",
  mode: "online",
  async run(survey, { signal }) {
    const { masqueradeAddress: named } = survey.config.network;
    const own = survey.ownAddresses().filter(({ version }) => version === 4);
    if (named === undefined) return [withoutMasquerade(own.map(({ address }) => address))];
    let address: string | undefined;
    try {
      address = await survey.masquerade(signal);
    } catch (error) {
      signal.throwIfAborted();
      return [{
        status: "fail",
        summary: `masquerade_address ${named} does not resolve: ${(error as Error).message}`,
        remedy: {
          text: "Look at the name, or write the address itself: serve does not start without",
          commands: [`getent ahostsv4 ${named}`],
        },
      }];
    }
    if (address === undefined) {
      return [{
        status: "fail",
        summary:
          `masquerade_address ${named} has no IPv4 address, and a 227 reply can name no other`,
        remedy: { text: "Give the name an A record, or write an IPv4 address" },
      }];
    }
    const scope = addressScope(address);
    const owner = own.find((it) => it.address === address);
    const what = `227 names ${address} (${scope})`;
    if (owner) {
      return [{ status: "pass", summary: `${what}, which ${owner.name} of this machine has` }];
    }
    if (scope === "public") {
      return [{
        status: "pass",
        summary: `${what}: not an address of this machine, so a NAT must bring it here`,
      }];
    }
    return [{
      status: "warn",
      summary:
        `${what}, which is no address of this machine and cannot be reached from the Internet`,
      remedy: { text: "Write the address at which clients reach the server, or a name for it" },
    }];
  },
};

function withoutMasquerade(own: readonly string[]) {
  const hidden = own.filter((address) => addressScope(address) !== "public");
  if (hidden.length < own.length || own.length === 0) {
    return {
      status: "pass" as const,
      summary: `No masquerade_address: 227 names the address that the client connected to`,
    };
  }
  const steps = [{
    on: "the server" as const,
    how: "under [NETWORK] of its configuration masquerade_address, or when it is started",
    commands: [`COSFTP_NETWORK_MASQUERADE_ADDRESS=203.0.113.7 cosftp serve`],
  }];
  return {
    status: "warn" as const,
    summary: `No masquerade_address, and ${hidden.join(", ")} cannot be reached from the Internet`,
    detail:
      "Right when all clients are in the same network. Behind a NAT, as on most cloud machines, clients are told an " +
      "address that they cannot reach.",
    remedy: remedyOf(
      "If clients come through a NAT: give the public address (here 203.0.113.7 stands for it); masquerade_except lists " +
        "clients inside",
      steps,
    ),
    data: { steps: stepsData(steps) },
  };
}

export const ipv6: Check<ServerSurvey> = {
  id: "server.ipv6",
  title: "IPv6",
  mode: "offline",
  run(survey) {
    const { listenAddress } = survey.config.network;
    const own = survey.ownAddresses()
      .filter(({ version, address }) => version === 6 && addressScope(address) === "public");
    const addresses = own.map(({ address }) => address).join(", ");
    const listens = listenAddress.includes(":");
    if (own.length === 0 && listens) {
      return [{
        status: "warn",
        summary: `listen_address is ${listenAddress}, but this machine has no public IPv6 address`,
        remedy: {
          text: "IPv4 clients reach it all the same. For others give the machine an address",
        },
      }];
    }
    if (own.length === 0) {
      return [{ status: "pass", summary: "Not used: this machine has no public address" }];
    }
    if (listens) return [{ status: "pass", summary: `Served, at ${addresses}` }];
    return [{
      status: "pass",
      summary: `Not served, although this machine has ${addresses}: listen_address = :: would`,
    }];
  },
};
