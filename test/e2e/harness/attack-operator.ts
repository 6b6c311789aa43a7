import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ATTACK } from "../timeouts.ts";
import { kubectl } from "./kubectl.ts";
import { MANAGEMENT_PORT, WEBHOOK_PORT } from "./operator.ts";
import type { Pod } from "./pods.ts";

/** Outcomes that the attacker saw, and how often. */
export type Outcomes = Record<string, number>;

/** Attacks a replica of the operator from the plain pod `client` of `namespace`; resolves when it is over. */
export async function attackOperator(
  replica: Pod,
  from: { namespace: string; mode: string },
): Promise<Outcomes> {
  const input = await readFile(join(import.meta.dirname, "attack-operator.mjs"), "utf8");
  const client = ["exec", "-i", "-n", from.namespace, "client", "--", "node"];
  const target = [String(replica.status.podIP), String(WEBHOOK_PORT), String(MANAGEMENT_PORT)];
  const output = await kubectl([...client, "--input-type=module", "-", from.mode, ...target], {
    input,
    timeout: ATTACK,
  });
  return JSON.parse(output) as Outcomes;
}
