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

/** How the port is attacked; `flood-of-ten` comes from ten addresses of the pod itself. */
export type Attack = "pipelined" | "flood" | "flood-of-ten";

/** Attacks the sidecar's port of `pod`, from the plain pod `client` of its namespace; resolves when it is over. */
export async function attackPort(pod: Pod, mode: Attack): Promise<AttackResult> {
  const input = await readFile(join(import.meta.dirname, "attack-port.mjs"), "utf8");
  const inside = mode === "flood-of-ten";
  const { name, namespace } = pod.metadata;
  const from = inside ? [name, "-c", "app"] : ["client"];
  const host = inside ? "127.0.0.1" : String(pod.status.podIP);
  const node = ["exec", "-i", "-n", namespace, ...from, "--", "node", "--input-type=module", "-"];
  const output = await kubectl([...node, mode, host, String(sidecarPort(pod))], {
    input,
    timeout: ATTACK,
  });
  const [made, answered] = output.trim().split(" ").map(Number);
  return { made: made ?? 0, answered: answered ?? 0 };
}
