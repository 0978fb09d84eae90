import type { Clock } from "../../clock.ts";
import type { Config } from "../../config/config.ts";
import { type IniEntry, readIni } from "../../config/ini.ts";
import type { Loaded } from "../../config/load.ts";
import { type ReadFile, readTextFile } from "../../config/text_file.ts";

/** What is known of a file without reading it. */
export interface FileFacts {
  /** Permission bits; null where the system has none. */
  readonly mode: number | null;
  readonly isDirectory: boolean;
}

/** A configuration as it was read, and the machine that it is for. */
export interface ConfigurationSubject {
  readonly loaded: Loaded;
  readonly readFile: ReadFile;
  /** Undefined where there is no such file, or nothing may be known of it. */
  stat(path: string): FileFacts | undefined;
  /** The files of the certificate that TLS is offered with. */
  readonly certificate: { readonly cert: string; readonly key: string } | undefined;
  /** Makes everything that the gateway is made of, and lets go of it. @throws what keeps it from being made. */
  build(config: Config): Promise<void>;
  /** Bytes. */
  readonly machineMemory: number;
  readonly clock: Clock;
}

/** A `key = value` line of the file, and where it stands. */
export interface FileLine {
  readonly file: string;
  readonly section: string;
  readonly entry: IniEntry;
  /** The whole line. */
  readonly text: string;
}

/** The lines of the configuration file that set something; none where there is no file, or it cannot be read. */
export function fileLines({ loaded, readFile }: ConfigurationSubject): readonly FileLine[] {
  const { file } = loaded;
  if (file === undefined) return [];
  const content = readTextFile(file, readFile);
  if (!("text" in content)) return [];
  const lines = content.text.split(/\r\n|\n|\r/);
  return readIni(content.text).sections.flatMap(({ name, entries }) =>
    entries.map((entry) => ({ file, section: name, entry, text: lines[entry.line - 1]! }))
  );
}
