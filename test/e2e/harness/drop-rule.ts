import { NODE, onNode } from "./node.ts";

/** Which packets the node drops, in the words of iptables. */
export interface DropRule {
  table: "raw" | "filter";
  chain: "PREROUTING" | "OUTPUT";
  match: readonly string[];
  /** NODE unless it is set. */
  node?: string;
}

/** Has a node drop these packets while `during` runs. */
export async function withDropRule(rule: DropRule, during: () => Promise<void>): Promise<void> {
  const { table, chain, match, node = NODE } = rule;
  const iptables = (action: string) =>
    onNode(["iptables", "-w", "-t", table, action, chain, ...match, "-j", "DROP"], { node });
  await iptables("-I");
  try {
    await during();
  } finally {
    await iptables("-D");
  }
}

/** The same with several rules. */
export function withDropRules(
  [rule, ...rest]: readonly DropRule[],
  during: () => Promise<void>,
): Promise<void> {
  return rule ? withDropRule(rule, () => withDropRules(rest, during)) : during();
}
