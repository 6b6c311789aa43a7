import { onNode } from "./node.ts";

/** Which packets the node drops, in the words of iptables. */
export interface DropRule {
  table: "raw" | "filter";
  chain: "PREROUTING" | "OUTPUT";
  match: readonly string[];
}

/** Has the node drop these packets while `during` runs. */
export async function withDropRule(rule: DropRule, during: () => Promise<void>): Promise<void> {
  const { table, chain, match } = rule;
  const iptables = (action: string) =>
    onNode(["iptables", "-w", "-t", table, action, chain, ...match, "-j", "DROP"]);
  await iptables("-I");
  try {
    await during();
  } finally {
    await iptables("-D");
  }
}
