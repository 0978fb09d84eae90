import { assembleConfig, type ReadSettings } from "./assemble.ts";
import { checkAccounts } from "./check_accounts.ts";
import type { Config } from "./config.ts";
import { checkTls } from "./check_tls.ts";
import { type SectionKind, SECTIONS } from "./keys.ts";
import { largestPart, memoryForPart, PART_COUNT_MAX } from "./part_limits.ts";
import type { Place, Problem } from "./problem.ts";
import { readSection, type ValueSources } from "./read_section.ts";
import type { Section } from "./settings.ts";
import { formatSize } from "./values.ts";

const GIB = 1024 ** 3;

/**
 * Reads all values, checks what must hold between them, and makes the configuration of them unless there is an error.
 *
 * @param options.machineMemory in bytes; the default of upload_memory_max follows from it.
 */
export function checkSettings(
  sections: readonly Section[],
  options: ValueSources & { file: string | undefined; machineMemory: number },
): { config: Config | undefined; problems: readonly Problem[] } {
  const place: Place = { file: options.file };
  const single = (kind: SectionKind): Section =>
    sections.find((section) => section.kind === kind) ??
      { name: kind, kind, place, settings: new Map() };
  const read: ReadSettings = {
    accounts: sections.filter(({ kind }) => kind === "COS_ACCOUNT")
      .map((section) => readSection(section, SECTIONS.COS_ACCOUNT.keys, options)),
    network: readSection(single("NETWORK"), SECTIONS.NETWORK.keys, options),
    login: readSection(single("LOGIN"), SECTIONS.LOGIN.keys, options),
    loginAccount: readSection(single("LOGIN"), SECTIONS.COS_ACCOUNT.keys, options),
    tls: readSection(single("TLS"), SECTIONS.TLS.keys, options),
    fileOption: readSection(single("FILE_OPTION"), SECTIONS.FILE_OPTION.keys, options),
    optional: readSection(single("OPTIONAL"), SECTIONS.OPTIONAL.keys, options),
  };
  const uploadMemoryMax = read.optional.values.upload_memory_max ??
    defaultUploadMemory(options.machineMemory);

  const problems = [
    ...read.accounts.flatMap(problemsOf),
    ...[read.network, read.login, read.tls, read.fileOption, read.optional].flatMap((
      { problems },
    ) => problems),
    ...checkAccounts(read, place),
    ...checkPorts(read.network),
    ...checkTls(read, options.readFile),
    ...checkUploadMemory(uploadMemoryMax, read),
    ...checkFileSizes(read),
  ];
  const hasErrors = problems.some(({ severity }) => severity === "error");
  return {
    config: hasErrors ? undefined : assembleConfig(read, { file: options.file, uploadMemoryMax }),
    problems,
  };
}

/** What is never used costs nothing, and with less the other defaults could not be kept. Bytes. */
function defaultUploadMemory(machineMemory: number): number {
  return Math.min(GIB, Math.max(GIB / 8, Math.floor(machineMemory / 4)));
}

/** At an endpoint of one's own, such as the emulator's, there may be a bucket with the name of the samples'. */
function problemsOf({ problems, placeOf }: ReadSettings["accounts"][number]): readonly Problem[] {
  if (!placeOf("cos_endpoint")) return problems;
  return problems.filter(({ kind, key }) => kind !== "placeholder" || key !== "cos_bucket");
}

function checkPorts({ section, values, placeOf }: ReadSettings["network"]): Problem[] {
  const { listen_port: listenPort, passive_port: range } = values;
  if (!listenPort || !range || listenPort < range.first || listenPort > range.last) return [];
  return [{
    ...(placeOf("passive_port") ?? placeOf("listen_port")),
    severity: "warning",
    kind: "conflict",
    section: section.name,
    key: "passive_port",
    found: `${range.first}-${range.last}`,
    message: `[${section.name}] passive_port includes listen_port ${listenPort}, ` +
      "so that port will never serve a data connection",
    remedy: "Choose a listen_port outside of passive_port",
  }];
}

/** The memory for parts is enough for the largest file of all, and not for a larger one. */
function checkFileSizes({ accounts, fileOption }: ReadSettings): Problem[] {
  const most = fileOption.values.single_file_max_size;
  return accounts.flatMap(({ section, values, placeOf }): Problem[] => {
    const size = values.single_file_max_size;
    if (!most || !size || size <= most) return [];
    return [{
      ...placeOf("single_file_max_size"),
      severity: "error",
      kind: "conflict",
      section: section.name,
      key: "single_file_max_size",
      found: formatSize(size),
      message: `Cannot let [${section.name}] upload files of ${formatSize(size)}: found ` +
        `single_file_max_size ${formatSize(most)} in [FILE_OPTION], wanted no less`,
      remedy: "Lower it, or raise the one in [FILE_OPTION]",
    }];
  });
}

/** The parts of the largest file must be of a size that the memory for parts can hold. */
function checkUploadMemory(memory: number, { fileOption, optional }: ReadSettings): Problem[] {
  const { single_file_max_size: fileSize } = fileOption.values;
  const { upload_thread_num: threads, min_part_size: minPartSize } = optional.values;
  if (!fileSize || !threads || !minPartSize) return [];
  const largest = largestPart({ memory, threads });
  const where = optional.placeOf("upload_memory_max") ?? optional.placeOf("upload_thread_num");
  const tooLittle = (needed: number): string =>
    `found ${formatSize(memory)} of memory for parts, wanted ` +
    `${formatSize(memoryForPart(needed, threads))} with upload_thread_num ${threads}`;
  const problems: Problem[] = [];
  if (fileSize > PART_COUNT_MAX * largest) {
    problems.push({
      ...(fileOption.placeOf("single_file_max_size") ?? where ?? fileOption.section.place),
      severity: "error",
      kind: "conflict",
      section: fileOption.section.name,
      key: "single_file_max_size",
      found: formatSize(fileSize),
      message: `Cannot upload files of ${formatSize(fileSize)} in ${PART_COUNT_MAX} parts: ` +
        tooLittle(fileSize / PART_COUNT_MAX),
      remedy: "Raise upload_memory_max, or lower single_file_max_size to at most " +
        formatSize(PART_COUNT_MAX * largest),
    });
  }
  if (minPartSize > largest) {
    problems.push({
      ...(optional.placeOf("min_part_size") ?? where ?? optional.section.place),
      severity: "error",
      kind: "conflict",
      section: optional.section.name,
      key: "min_part_size",
      found: formatSize(minPartSize),
      message: `Cannot upload parts of ${formatSize(minPartSize)}: ${tooLittle(minPartSize)}`,
      remedy: `Raise upload_memory_max, or lower min_part_size to at most ${formatSize(largest)}`,
    });
  }
  return problems;
}
