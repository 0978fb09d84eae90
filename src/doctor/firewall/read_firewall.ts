import type { ProgramOutput, Refusal, ServerTools } from "../server/server_survey.ts";
import { readIptablesSave } from "./iptables.ts";
import { readNftRuleset } from "./nft.ts";
import type { BaseChain, Firewall, Version } from "./ruleset.ts";

/** What iptables keeps its rules with, by version of IP. */
const SAVES = {
  4: { family: "ip", program: "iptables-save", legacy: "iptables-legacy-save" },
  6: { family: "ip6", program: "ip6tables-save", legacy: "ip6tables-legacy-save" },
} as const;

/** What one of them wrote. */
interface Saved {
  readonly version: Version;
  readonly output: ProgramOutput;
  /** Rules in the kernel's old tables, where there are some besides those in nft's. */
  readonly legacy: ProgramOutput | undefined;
}

/**
 * The rules of this machine's firewall, as nft and iptables tell them.
 *
 * @param options.versions of IP whose packets matter.
 * @param options.interfaces those that packets of others come from.
 * @returns why they cannot be read, where that is so.
 */
export async function readFirewall({ output, versions, interfaces }: {
  output: ServerTools["output"];
  versions: readonly Version[];
  interfaces: readonly string[];
}): Promise<Firewall | Refusal> {
  const [json, lines, ...saved] = await Promise.all([
    output("nft", ["--json", "list", "ruleset"]),
    output("nft", ["--handle", "list", "ruleset"]),
    ...versions.map(async (version): Promise<Saved> => {
      const { program, legacy } = SAVES[version];
      const written = await output(program, []);
      const hasLegacy = "stderr" in written && written.stderr.includes("-legacy tables present");
      return {
        version,
        output: written,
        legacy: hasLegacy ? await output(legacy, []) : undefined,
      };
    }),
  ]);
  const refusals = [json, ...saved.map((it) => it.output)]
    .flatMap((it) => "refusal" in it ? [it] : []);
  const forbidden = refusals.find(({ refusal }) => refusal === "not permitted");
  // Without nft there must be all of the others.
  if (forbidden || "refusal" in json && refusals.length > 1) return forbidden ?? refusals.at(-1)!;
  const { chains, notUnderstood } = putTogether({ json, lines, saved }, interfaces);
  return {
    chains: chains.filter((chain) => chain.versions.some((it) => versions.includes(it))),
    notUnderstood,
  };
}

/** Puts together what the programs wrote. iptables keeps its rules in tables of nft, or in the kernel's old ones. */
function putTogether(
  { json, lines, saved }: { json: ProgramOutput; lines: ProgramOutput; saved: readonly Saved[] },
  interfaces: readonly string[],
): Firewall {
  const ofIptables = new Set<string>();
  const chains: BaseChain[] = [];
  const notUnderstood: string[] = [];
  for (const { version, output, legacy } of saved) {
    const text = "stdout" in output ? output.stdout : "";
    if (text.includes("(nf_tables)")) {
      for (const [, table] of text.matchAll(/^\*(\S+)/gm)) {
        ofIptables.add(`${SAVES[version].family} ${table}`);
      }
    }
    chains.push(...readIptablesSave(text, { version, interfaces }));
    if (legacy && "stdout" in legacy) {
      chains.push(...readIptablesSave(legacy.stdout, { version, interfaces }));
    } else if (legacy) {
      notUnderstood.push(`rules of ${SAVES[version].legacy}: ${legacy.message}`);
    }
  }
  if ("stdout" in json) {
    try {
      const nft = readNftRuleset(json.stdout, {
        lines: "stdout" in lines ? lines.stdout : "",
        interfaces,
        isOthers: (family, table) => ofIptables.has(`${family} ${table}`),
      });
      chains.push(...nft.chains);
      notUnderstood.push(...nft.notUnderstood);
    } catch (error) {
      notUnderstood.push(`what nft wrote: ${(error as Error).message}`);
    }
  }
  return { chains, notUnderstood };
}
