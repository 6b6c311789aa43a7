import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { KUBECTL, VISITOR_LEAVES } from "../timeouts.ts";
import { kubectl } from "./kubectl.ts";

/** Who visits the Service `web` of the namespace, from the plain pod `client`. */
export interface Visitors {
  namespace: string;
  perSecond: number;
  seconds: number;
}

/** Visits by how they ended. */
export interface Visits {
  200: number;
  500: number;
  /** Nobody listens: the Service has no pod to send them to. */
  refused: number;
  /** The visitor has waited VISITOR_LEAVES and is gone. */
  timeout: number;
  /** The slowest visit of all, in milliseconds. */
  slowest: number;
}

/** Sends visitors at a steady pace, whether those before are answered or not, and counts the answers. */
export async function askApp({ namespace, perSecond, seconds }: Visitors): Promise<Visits> {
  const input = await readFile(join(import.meta.dirname, "ask-app.mjs"), "utf8");
  const node = ["exec", "-i", "-n", namespace, "client", "--", "node", "--input-type=module", "-"];
  const visitors = ["http://web/", String(perSecond), String(seconds), String(VISITOR_LEAVES)];
  const timeout = seconds * 1_000 + VISITOR_LEAVES + KUBECTL;
  return JSON.parse(await kubectl([...node, ...visitors], { input, timeout })) as Visits;
}
