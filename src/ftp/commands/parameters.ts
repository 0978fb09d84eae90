import { ipVersion, sameAddress } from "../../net/cidr.ts";
import type { SocketAddress } from "../../net/connection.ts";
import type { Argument } from "../argument.ts";
import { CommandError } from "../command_error.ts";
import { formatHostPort, parseExtendedHostPort, parseHostPort } from "../data/host_port.ts";
import type { RepresentationType } from "../data/representation.ts";
import { Code, type Reply, reply } from "../reply.ts";
import type { Session } from "../session.ts";
import type { CommandRow } from "./command_row.ts";

/** Below it are ports of well-known services: nobody's FTP client listens there (RFC 2577 section 3). */
const ACTIVE_PORT_MIN = 1024;

const TYPES: Readonly<Record<string, RepresentationType>> = {
  "A": "ascii",
  "A N": "ascii",
  "I": "image",
  "L 8": "image",
};

function type(session: Session, argument: Argument): Reply {
  const wanted = argument.text.toUpperCase();
  const chosen = TYPES[wanted];
  if (!chosen) return reply(Code.notImplementedForParameter, "TYPE is A, I or L 8");
  session.type = chosen;
  return reply(Code.ok, `TYPE is ${wanted}`);
}

/** STRU and MODE: accepts the one value that is not obsolete. */
function only(value: string, verb: string) {
  return (_session: Session, argument: Argument): Reply =>
    argument.text.toUpperCase() === value
      ? reply(Code.ok, `${verb} is ${value}`)
      : reply(Code.notImplementedForParameter, `${verb} is ${value} only`);
}

async function pasv(session: Session): Promise<Reply> {
  refuseAfterEpsvAll(session);
  const { control: { local, remote }, services: { masquerade } } = session;
  if (ipVersion(local.hostname) !== 4) {
    return reply(Code.cannotOpenDataConnection, "PASV is for IPv4: use EPSV");
  }
  const named = masquerade?.addressFor(remote.hostname, local.hostname) ?? local.hostname;
  const { port } = await session.data.listen();
  const address = formatHostPort({ hostname: named, port });
  return reply(Code.passive, `Entering Passive Mode (${address}).`);
}

async function epsv(session: Session, argument: Argument): Promise<Reply> {
  const wanted = argument.text.toUpperCase();
  if (wanted === "ALL") {
    session.epsvOnly = true;
    return reply(Code.ok, "EPSV ALL is in force");
  }
  const protocol = ipVersion(session.control.local.hostname) === 6 ? "2" : "1";
  if (wanted !== "" && wanted !== protocol) {
    return wanted === "1" || wanted === "2"
      ? reply(Code.protocolNotSupported, `Use this network protocol: (${protocol})`)
      : reply(Code.argumentSyntaxError, "EPSV takes 1, 2 or ALL");
  }
  const { port } = await session.data.listen();
  return reply(Code.extendedPassive, `Entering Extended Passive Mode (|||${port}|)`);
}

function active(parse: (text: string) => SocketAddress) {
  return (session: Session, argument: Argument): Reply => {
    refuseAfterEpsvAll(session);
    let address: SocketAddress;
    try {
      address = parse(argument.text);
    } catch (error) {
      if (error instanceof SyntaxError) return reply(Code.argumentSyntaxError, error.message);
      if (!(error instanceof RangeError)) throw error;
      return reply(Code.protocolNotSupported, "Use one of these network protocols: (1,2)");
    }
    // Anything else would let a client send our data to a third party (RFC 2577 section 3).
    const own = sameAddress(address.hostname, session.control.remote.hostname);
    if (!own || address.port < ACTIVE_PORT_MIN) {
      return reply(
        Code.notImplementedForParameter,
        `Data connections go to your own address only, and to ports from ${ACTIVE_PORT_MIN}`,
      );
    }
    session.data.setActive(address);
    return reply(Code.ok, "Active mode is prepared");
  };
}

function refuseAfterEpsvAll(session: Session): void {
  if (session.epsvOnly) {
    throw new CommandError(Code.badSequence, "After EPSV ALL only EPSV is accepted");
  }
}

export const PARAMETER_COMMANDS: readonly CommandRow[] = [
  {
    verb: "TYPE",
    argument: "required",
    syntax: "TYPE <A|I|L 8>",
    help: "choose the representation type",
    rfc: "RFC 959 4.1.2",
    run: type,
  },
  {
    verb: "STRU",
    argument: "required",
    syntax: "STRU F",
    help: "file structure",
    rfc: "RFC 959 4.1.2",
    run: only("F", "STRU"),
  },
  {
    verb: "MODE",
    argument: "required",
    syntax: "MODE S",
    help: "stream mode",
    rfc: "RFC 959 4.1.2",
    run: only("S", "MODE"),
  },
  {
    verb: "PORT",
    argument: "required",
    syntax: "PORT <h1,h2,h3,h4,p1,p2>",
    help: "data connections go to this address",
    rfc: "RFC 959 4.1.2",
    run: active(parseHostPort),
  },
  {
    verb: "PASV",
    argument: "none",
    syntax: "PASV",
    help: "listen for the data connection",
    rfc: "RFC 959 4.1.2",
    run: pasv,
  },
  {
    verb: "EPRT",
    argument: "required",
    syntax: "EPRT <|1|address|port|>",
    help: "data connections go to this address, IPv4 or IPv6",
    rfc: "RFC 2428 2",
    feature: () => "EPRT",
    run: active(parseExtendedHostPort),
  },
  {
    verb: "EPSV",
    argument: "optional",
    syntax: "EPSV [1|2|ALL]",
    help: "listen for the data connection, name the port only",
    rfc: "RFC 2428 3",
    feature: () => "EPSV",
    run: epsv,
  },
];
