import type { ProgramOutput, Refusal, ServerTools } from "../server/server_survey.ts";
import { readIptablesSave } from "./iptables.ts";
import { readNftRuleset } from "./nft.ts";
import type { BaseChain, Firewall } from "./ruleset.ts";

/**
 * The rules of this machine's firewall, as nft and iptables tell them.
 *
 * @param options.interfaces those that packets of others come from.
 * @returns why they cannot be read, where that is so.
 */
export async function readFirewall({ output, interfaces }: {
  output: ServerTools["output"];
  interfaces: readonly string[];
}): Promise<Firewall | Refusal> {
  const [json, lines, saved] = await Promise.all([
    output("nft", ["--json", "list", "ruleset"]),
    output("nft", ["--handle", "list", "ruleset"]),
    output("iptables-save", []),
  ]);
  const refusals = [json, saved].flatMap((it) => "refusal" in it ? [it] : []);
  const forbidden = refusals.find(({ refusal }) => refusal === "not permitted");
  if (forbidden || refusals.length === 2) return forbidden ?? refusals[0]!;
  const hasLegacy = "stderr" in saved && saved.stderr.includes("iptables-legacy tables present");
  const legacy = hasLegacy ? await output("iptables-legacy-save", []) : undefined;
  return putTogether({ json, lines, saved, legacy }, interfaces);
}

/** Puts together what the programs wrote. iptables keeps its rules in tables of nft, or in the kernel's old ones. */
function putTogether(
  { json, lines, saved, legacy }: {
    json: ProgramOutput;
    lines: ProgramOutput;
    saved: ProgramOutput;
    legacy: ProgramOutput | undefined;
  },
  interfaces: readonly string[],
): Firewall {
  const savedText = "stdout" in saved ? saved.stdout : "";
  const isOnNft = savedText.includes("(nf_tables)");
  const ofIptables = new Set(
    isOnNft ? [...savedText.matchAll(/^\*(\S+)/gm)].map(([, table]) => `ip ${table}`) : [],
  );
  const chains: BaseChain[] = readIptablesSave(savedText, interfaces);
  const notUnderstood: string[] = [];
  if (legacy && "stdout" in legacy) chains.push(...readIptablesSave(legacy.stdout, interfaces));
  else if (legacy) notUnderstood.push(`rules of iptables-legacy: ${legacy.message}`);
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
