import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ATTACK } from "../timeouts.ts";
import { kubectl } from "./kubectl.ts";
import { type Pod, sidecarPort } from "./pods.ts";

/** What the attacker saw. */
export interface AttackResult {
  /** Connections that it made. */
  made: number;
  /** Those that were answered. */
  answered: number;
}

/** Attacks the sidecar's port of `pod` from the plain pod `client` of its namespace; resolves when it is over. */
export async function attackPort(pod: Pod, mode: "pipelined" | "flood"): Promise<AttackResult> {
  const input = await readFile(join(import.meta.dirname, "attack-port.mjs"), "utf8");
  const client = ["exec", "-i", "-n", pod.metadata.namespace, "client", "--", "node"];
  const target = [String(pod.status.podIP), String(sidecarPort(pod))];
  const output = await kubectl([...client, "--input-type=module", "-", mode, ...target], {
    input,
    timeout: ATTACK,
  });
  const [made, answered] = output.trim().split(" ").map(Number);
  return { made: made ?? 0, answered: answered ?? 0 };
}
