import { permits } from "../../accounts/permissions.ts";
import { uninterrupted } from "../../store/object_store.ts";
import { TreeError } from "../../vfs/tree_error.ts";
import type { Entry } from "../../vfs/tree.ts";
import type { VirtualPath } from "../../vfs/virtual_path.ts";
import type { Argument } from "../argument.ts";
import { notPermitted } from "../command_error.ts";
import { featureLine, formatFacts } from "../data/facts.ts";
import { formatListLine } from "../data/list_format.ts";
import { globMatcher, isGlob } from "../glob.ts";
import { Code, type Reply, reply } from "../reply.ts";
import type { Session } from "../session.ts";
import type { CommandRow } from "./command_row.ts";
import { openDataConnection } from "./transfer.ts";

const encoder = new TextEncoder();

/** What a listing command lists: entries as the store's pages bring them, at least one (empty) page. */
interface Listing {
  readonly pages: AsyncGenerator<Entry[]>;
  /** What NLST puts before each name: the directory as the client wrote it. */
  readonly prefix: string;
}

/** Writes an entry as one line, without the line end. */
type Format = (entry: Entry) => string;

/** What `ls` options there are in front of a path (`-la dir`); all entries are always listed, so they change nothing. */
function withoutOptions(text: string): string {
  return text.replace(/^(-[a-zA-Z0-9]*(\s+|$))+/, "");
}

/**
 * Finds what `text` names: a directory, a pattern in the last segment, or a file. A directory or file whose real name looks
 * like a pattern is found first.
 *
 * @throws {TreeError} `not-found`.
 */
async function openListing(session: Session, text: string): Promise<Listing> {
  const path = session.workingDirectory.resolve(text);
  const directory = await openDirectory(session, path);
  if (directory) return { pages: directory, prefix: directoryPrefix(text) };
  if (isGlob(path.name)) {
    const matching = await openPattern(session, path);
    const parent = text.slice(0, text.lastIndexOf("/") + 1);
    if (matching) return { pages: matching, prefix: parent };
  }
  const entry = await session.loggedIn.tree.stat(path, uninterrupted());
  return { pages: one([entry]), prefix: text.slice(0, text.lastIndexOf("/") + 1) };
}

/** The pages of a directory, the first of them already there; undefined where there is none. */
async function openDirectory(
  session: Session,
  path: VirtualPath,
): Promise<AsyncGenerator<Entry[]> | undefined> {
  const { tree } = session.loggedIn;
  const pages = tree.list(path, uninterrupted());
  const first = await pages.next();
  if (first.done || first.value.length === 0) {
    if (!await tree.isDirectory(path, uninterrupted())) return undefined;
  }
  return (async function* () {
    if (!first.done) yield first.value;
    yield* pages;
  })();
}

async function openPattern(
  session: Session,
  path: VirtualPath,
): Promise<AsyncGenerator<Entry[]> | undefined> {
  const pages = await openDirectory(session, path.parent);
  if (!pages) return undefined;
  const matches = globMatcher(path.name);
  return (async function* () {
    for await (const page of pages) yield page.filter(({ name }) => matches(name));
  })();
}

async function* one(page: Entry[]): AsyncGenerator<Entry[]> {
  yield await Promise.resolve(page);
}

function directoryPrefix(text: string): string {
  if (text === "" || text === ".") return "";
  return text.endsWith("/") ? text : `${text}/`;
}

/** Cuts a listing off after `max` entries. @returns whether it was. */
async function* limited(
  pages: AsyncGenerator<Entry[]>,
  max: number,
): AsyncGenerator<Entry[], boolean> {
  let left = max;
  for await (const page of pages) {
    if (page.length > left) {
      yield page.slice(0, left);
      return true;
    }
    left -= page.length;
    yield page;
  }
  return false;
}

/** Sends a listing over a data connection, each page while the next one is fetched. */
async function sendListing(session: Session, options: {
  title: string;
  listing: Listing;
  format: Format;
}): Promise<Reply> {
  const { services } = session;
  session.restartMarker = 0;
  return await session.transfer(options.title, async (transfer) => {
    using data = await openDataConnection(session, transfer.signal, "Here comes the listing");
    const pages = limited(options.listing.pages, services.maxListFile);
    let next = await pages.next();
    while (!next.done) {
      const text = next.value.map((entry) => `${options.format(entry)}\r\n`).join("");
      const following = pages.next();
      following.catch(() => {});
      const bytes = encoder.encode(text);
      await data.write(bytes);
      transfer.bytes += bytes.length;
      next = await following;
    }
    await data.finish();
    return next.value
      ? reply(
        Code.transferComplete,
        `Listing ends after ${services.maxListFile} entries (max_list_file), there are more`,
      )
      : reply(Code.transferComplete, "Listing complete");
  });
}

async function list(session: Session, argument: Argument): Promise<Reply> {
  const text = withoutOptions(argument.text);
  const listing = await openListing(session, text);
  const format = listFormat(session);
  return await sendListing(session, { title: `LIST ${text || "."}`, listing, format });
}

async function nameList(session: Session, argument: Argument): Promise<Reply> {
  const text = withoutOptions(argument.text);
  const listing = await openListing(session, text);
  const format: Format = ({ name }) => listing.prefix + name;
  return await sendListing(session, { title: `NLST ${text || "."}`, listing, format });
}

async function machineList(session: Session, argument: Argument): Promise<Reply> {
  const path = session.resolve(argument);
  const pages = await openDirectory(session, path);
  if (!pages) throw new TreeError("not-found", `${path}: No such directory`);
  const { facts, loggedIn: { account: permissions } } = session;
  const format: Format = (entry) => formatFacts(entry, { facts, permissions });
  return await sendListing(session, {
    title: `MLSD ${path}`,
    listing: { pages, prefix: "" },
    format,
  });
}

/** Facts of one path, over the control connection (RFC 3659 section 7.2). */
async function machineListOne(session: Session, argument: Argument): Promise<Reply> {
  const path = session.resolve(argument);
  const { facts, loggedIn: { account: permissions, tree } } = session;
  const entry = await tree.stat(path, uninterrupted());
  const line = formatFacts({ ...entry, name: path.toString() }, { facts, permissions });
  return reply(Code.actionCompleted, `Listing ${path}`, line, "End");
}

/** STAT: the session's state, or a listing over the control connection. */
async function status(session: Session, argument: Argument): Promise<Reply> {
  if (argument.isEmpty) {
    const { account } = session.loggedIn;
    return reply(
      Code.systemStatus,
      "cosftp status:",
      `Connected from ${session.control.remote.hostname}`,
      `Logged in as ${account.name}`,
      `TYPE: ${session.type === "ascii" ? "ASCII" : "image"}, STRU: file, MODE: stream`,
      "End of status",
    );
  }
  const text = withoutOptions(argument.text);
  if (!permits(session.loggedIn.account, "read")) throw notPermitted();
  const { pages } = await openListing(session, text);
  const format = listFormat(session);
  await session.sendText(`${Code.fileStatus}-Status of ${text || "."}\r\n`);
  for await (const page of limited(pages, session.services.maxListFile)) {
    await session.sendText(page.map((entry) => ` ${format(entry)}\r\n`).join(""));
  }
  return reply(Code.fileStatus, "End of status");
}

function listFormat(session: Session): Format {
  const { services: { clock }, loggedIn: { account: permissions } } = session;
  const now = clock.now();
  return (entry) => formatListLine(entry, { permissions, now });
}

export const LISTING_COMMANDS: readonly CommandRow[] = [
  {
    verb: "LIST",
    argument: "optional",
    syntax: "LIST [<path>]",
    help: "list a directory or file",
    rfc: "RFC 959 4.1.3",
    permission: "read",
    dataConnection: true,
    run: list,
  },
  {
    verb: "NLST",
    argument: "optional",
    syntax: "NLST [<path>]",
    help: "list names only",
    rfc: "RFC 959 4.1.3",
    permission: "read",
    dataConnection: true,
    run: nameList,
  },
  {
    verb: "MLSD",
    argument: "optional",
    syntax: "MLSD [<directory>]",
    help: "list a directory for programs",
    rfc: "RFC 3659 7",
    permission: "read",
    dataConnection: true,
    run: machineList,
  },
  {
    verb: "MLST",
    argument: "optional",
    syntax: "MLST [<path>]",
    help: "facts of one path",
    rfc: "RFC 3659 7",
    permission: "read",
    feature: (session) => featureLine(session.facts),
    run: machineListOne,
  },
  {
    verb: "STAT",
    argument: "optional",
    syntax: "STAT [<path>]",
    help: "show the session, a transfer's progress, or a listing",
    rfc: "RFC 959 4.1.3",
    duringTransfer: "status",
    run: status,
  },
];
