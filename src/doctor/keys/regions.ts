import type { AccountSubject } from "./account_subject.ts";
import { askAnonymously, isElsewhere } from "./anonymous_request.ts";

/** COS, "Regions and access endpoints" (436/6224): those of the public cloud and of the finance zones. */
export const REGIONS = [
  "ap-guangzhou",
  "ap-shanghai",
  "ap-beijing",
  "ap-nanjing",
  "ap-chengdu",
  "ap-chongqing",
  "ap-hongkong",
  "ap-singapore",
  "ap-tokyo",
  "ap-seoul",
  "ap-bangkok",
  "ap-jakarta",
  "ap-mumbai",
  "eu-frankfurt",
  "eu-moscow",
  "na-ashburn",
  "na-siliconvalley",
  "na-toronto",
  "sa-saopaulo",
  "ap-beijing-1",
  "ap-beijing-fsi",
  "ap-shanghai-fsi",
  "ap-shenzhen-fsi",
] as const;

/**
 * Asks every region's public endpoint whether it has the bucket.
 *
 * @returns the region that has; undefined where none says so.
 * @throws the signal's reason.
 */
export async function findRegion(
  subject: AccountSubject,
  signal: AbortSignal,
): Promise<string | undefined> {
  const others = REGIONS.filter((region) => region !== subject.account.region);
  const found = await Promise.all(others.map(async (region) => {
    try {
      const answer = await askAnonymously(subject, subject.endpointIn(region), signal);
      const isHere = answer.requestId !== undefined && !isElsewhere(answer) && answer.status < 500;
      return isHere ? region : undefined;
    } catch {
      // Not to be reached from here: it says nothing.
      signal.throwIfAborted();
      return undefined;
    }
  }));
  return found.find((region) => region !== undefined);
}
