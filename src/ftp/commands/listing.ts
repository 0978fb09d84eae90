import { permits } from "../../accounts/permissions.ts";
import { type CallOptions, uninterrupted } from "../../store/object_store.ts";
import { TreeError } from "../../vfs/tree_error.ts";
import type { Entry, Tree } from "../../vfs/tree.ts";
import type { VirtualPath } from "../../vfs/virtual_path.ts";
import type { Argument } from "../argument.ts";
import { CommandError, notPermitted } from "../command_error.ts";
import { featureLine, formatFacts } from "../data/facts.ts";
import { formatListLine } from "../data/list_format.ts";
import { globMatcher, isGlob } from "../glob.ts";
import { Code, type Reply, reply } from "../reply.ts";
import type { Session } from "../session.ts";
import type { CommandRow } from "./command_row.ts";
import { openDataConnection } from "./transfer.ts";

/** What a listing command lists: entries as the store's pages bring them, at least one (empty) page. */
interface Listing {
  readonly pages: AsyncGenerator<Entry[]>;
  /** What NLST puts before each name: the directory as the client wrote it. */
  readonly prefix: string;
}

/** Writes an entry as one line, without the line end. */
type Format = (entry: Entry) => string;

/** Without the `ls` options in front of a path (`-la dir`). Every entry is listed anyway, so they change nothing. */
function withoutOptions(text: string): string {
  return text.replace(/^(-[aAdFhlLnrRStT1]*(\s+|$))+/, "");
}

/**
 * Finds what `text` names: a directory, a pattern in the last segment, or a file. A directory whose real name looks like a
 * pattern is found first.
 *
 * @throws {TreeError} `not-found`.
 */
async function openListing(session: Session, text: string, call: CallOptions): Promise<Listing> {
  const { loggedIn: { tree } } = session;
  const path = session.workingDirectory.resolve(text);
  const directory = await openDirectory(tree, path, call);
  if (directory) return { pages: directory, prefix: directoryPrefix(text) };
  const prefix = text.slice(0, text.lastIndexOf("/") + 1);
  if (isGlob(path.name)) {
    const pages = await openPattern(tree, path, call);
    if (pages) return { pages, prefix };
  }
  if (text.endsWith("/")) throw noDirectory(path);
  const entry = await tree.stat(path, call);
  // Another session has made the directory since we looked.
  if (entry.kind === "directory") return await openListing(session, text, call);
  return { pages: one([entry]), prefix };
}

/** The pages of a directory, the first of them already there; undefined where there is none. */
async function openDirectory(
  tree: Tree,
  path: VirtualPath,
  call: CallOptions,
): Promise<AsyncGenerator<Entry[]> | undefined> {
  const pages = tree.list(path, call);
  const first = await pages.next();
  if (first.done || first.value.length === 0) {
    if (!await tree.isDirectory(path, call)) return undefined;
  }
  return (async function* () {
    if (!first.done) yield first.value;
    yield* pages;
  })();
}

async function openPattern(
  tree: Tree,
  path: VirtualPath,
  call: CallOptions,
): Promise<AsyncGenerator<Entry[]> | undefined> {
  const pages = await openDirectory(tree, path.parent, call);
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

function noDirectory(path: VirtualPath): TreeError {
  return new TreeError("not-found", `${path}: No such directory`);
}

/**
 * Gives `write` the text of one page after the other, fetching the next one meanwhile.
 *
 * @returns how a reply describes it: whether it ended, or was cut off after max_list_file entries.
 */
async function writePages(session: Session, options: {
  pages: AsyncGenerator<Entry[]>;
  /** One line, with its line end. */
  format: Format;
  write: (text: string) => Promise<void>;
}): Promise<string> {
  const { pages, format, write } = options;
  const { maxListFile } = session.services;
  let left = maxListFile;
  for (let next = await pages.next(); !next.done;) {
    const text = next.value.slice(0, left).map(format).join("");
    if (next.value.length > left) {
      await write(text);
      return `Listing ends after ${maxListFile} entries (max_list_file), there are more`;
    }
    left -= next.value.length;
    const following = pages.next();
    // When writing fails first, nobody waits for the next page any more.
    following.catch(() => {});
    await write(text);
    next = await following;
  }
  return "Listing complete";
}

/** Sends a listing over a data connection. */
async function sendListing(session: Session, options: {
  title: string;
  open: (call: CallOptions) => Promise<Listing>;
  format: (entry: Entry, listing: Listing) => string;
}): Promise<Reply> {
  return await session.transfer(options.title, async (transfer) => {
    const { signal } = transfer;
    const listing = await options.open({ signal });
    using data = await openDataConnection(session, signal, "Here comes the listing");
    const outcome = await writePages(session, {
      pages: listing.pages,
      format: (entry) => `${options.format(entry, listing)}\r\n`,
      write: async (text) => {
        const bytes = session.nameEncoding.encode(text);
        await data.write(bytes);
        transfer.bytes += bytes.length;
      },
    });
    await data.finish();
    return reply(Code.transferComplete, outcome);
  });
}

async function list(session: Session, argument: Argument): Promise<Reply> {
  const text = withoutOptions(argument.text);
  return await sendListing(session, {
    title: `LIST ${text || "."}`,
    open: (call) => openListing(session, text, call),
    format: listFormat(session),
  });
}

async function nameList(session: Session, argument: Argument): Promise<Reply> {
  const text = withoutOptions(argument.text);
  return await sendListing(session, {
    title: `NLST ${text || "."}`,
    open: (call) => openListing(session, text, call),
    format: ({ name }, { prefix }) => prefix + name,
  });
}

async function machineList(session: Session, argument: Argument): Promise<Reply> {
  const path = session.resolve(argument);
  const { facts, loggedIn: { account: permissions, tree } } = session;
  const open = async (call: CallOptions): Promise<Listing> => {
    const pages = await openDirectory(tree, path, call);
    if (pages) return { pages, prefix: "" };
    const { kind } = await tree.stat(path, call);
    // Another session has made the directory since we looked.
    if (kind === "directory") return await open(call);
    // RFC 3659 section 7.2.1
    throw new CommandError(Code.argumentSyntaxError, `${path} is not a directory`);
  };
  return await sendListing(session, {
    title: `MLSD ${path}`,
    open,
    format: (entry) => formatFacts(entry, { facts, permissions }),
  });
}

/** Facts of one path, over the control connection (RFC 3659 section 7.2). */
async function machineListOne(session: Session, argument: Argument): Promise<Reply> {
  const path = session.resolve(argument);
  const { facts, loggedIn: { account: permissions, tree } } = session;
  const entry = await tree.statUploaded(path, uninterrupted());
  const line = formatFacts({ ...entry, name: path.toString() }, { facts, permissions });
  return reply(Code.actionCompleted, `Listing ${path}`, line, "End");
}

/** STAT: the session's state, or a listing over the control connection. */
async function status(session: Session, argument: Argument): Promise<Reply> {
  if (argument.isEmpty) {
    const { protection, loggedIn: { account } } = session;
    return reply(
      Code.systemStatus,
      "cosftp status:",
      `Connected from ${session.control.remote.hostname}`,
      `Logged in as ${account.name}`,
      `Control connection: ${protection.isControlPrivate ? "TLS" : "clear text"}, ` +
        `data connections: ${protection.data === "private" ? "TLS" : "clear text"}`,
      `TYPE: ${session.type === "ascii" ? "ASCII" : "image"}, STRU: file, MODE: stream`,
      "End of status",
    );
  }
  if (!permits(session.loggedIn.account, "read")) throw notPermitted();
  const text = withoutOptions(argument.text);
  const { pages } = await openListing(session, text, uninterrupted());
  await session.sendText(`${Code.fileStatus}-Status of ${text || "."}\r\n`);
  const format = listFormat(session);
  try {
    const outcome = await writePages(session, {
      pages,
      format: (entry) => ` ${format(entry)}\r\n`,
      write: (lines) => session.sendText(lines),
    });
    return reply(Code.fileStatus, outcome);
  } catch (error) {
    // Only the code it began with can end this reply.
    session.log.warning("A listing broke off", { path: text, error: String(error) });
    return reply(Code.fileStatus, "The listing is not complete: COS could not give the rest");
  }
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
