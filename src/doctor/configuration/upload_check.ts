import type { Config } from "../../config/config.ts";
import { largestPart, PART_COUNT_MAX } from "../../config/part_limits.ts";
import { formatSize } from "../../config/values.ts";
import { nextPartSize, type PartPlan } from "../../vfs/part_plan.ts";
import type { Check } from "../check.ts";
import type { ConfigurationSubject } from "./configuration_subject.ts";

const MIB = 1024 ** 2;

/** In how many parts of what size the largest file goes up, and what memory that takes. */
export const uploadCheck: Check<ConfigurationSubject> = {
  id: "config.uploads",
  title: "The largest file goes up in COS's number of parts, within the machine's memory",
  needs: ["config.problems"],
  mode: "offline",
  run({ loaded, machineMemory }) {
    const { config } = loaded;
    if (!config) return [];
    const { uploadThreadNum: threads, uploadMemoryMax: memory } = config.limits;
    const maxFileSize = Math.max(...config.accounts.map((account) => account.singleFileMaxSize));
    const { parts, smallest, largest } = simulate(config, maxFileSize);
    const uploads = (part: number) => Math.max(1, Math.floor(memory / ((threads + 1) * part)));
    const data = { parts, smallest, largest, memory, uploads: uploads(smallest) };
    const sizes = smallest === largest
      ? formatSize(smallest)
      : `${formatSize(smallest)} to ${formatSize(largest)}`;
    const summary = `${formatSize(maxFileSize)} go up in ${parts} parts of ${sizes}, ` +
      `${threads} at once; ${formatSize(memory)} of memory let ${
        uploads(smallest)
      } uploads run at full speed ` +
      `while they are small, ${uploads(largest)} at their largest, and more of them slower`;
    if (memory <= machineMemory / 2) return [{ status: "pass", summary, data }];
    const total = `${Math.round(machineMemory / MIB)}MiB`;
    return [{
      status: "warn",
      summary: `Uploads may take ${formatSize(memory)} of this machine's ${total}`,
      detail: summary,
      remedy: {
        text: "Leave the system and other programs at least half",
        commands: [`upload_memory_max = ${Math.max(2, Math.floor(machineMemory / 2 / MIB))}MiB`],
      },
      data,
    }];
  },
};

function simulate(
  { limits }: Config,
  maxFileSize: number,
): { parts: number; smallest: number; largest: number } {
  const { uploadMemoryMax: memory, uploadThreadNum: threads } = limits;
  const plan: PartPlan = {
    minPartSize: limits.minPartSize,
    maxPartSize: largestPart({ memory, threads }),
    maxFileSize,
  };
  let [parts, bytes, largest] = [0, 0, 0];
  const smallest = nextPartSize(plan, { parts, bytes });
  while (bytes < plan.maxFileSize && parts < PART_COUNT_MAX) {
    const size = nextPartSize(plan, { parts, bytes });
    largest = Math.max(largest, size);
    bytes += size;
    parts++;
  }
  return { parts, smallest, largest };
}
