import { FAULT_VISIBLE, RAW_CONNECT } from "../timeouts.ts";
import { kubectl } from "./kubectl.ts";
import { waitFor } from "./wait-for.ts";

/** Where to connect, from a plain pod of the namespace. */
export interface Target {
  namespace: string;
  host: string;
  port: number;
  /** The pod to connect from; `client` unless it is set. */
  from?: string;
}

/**
 * One bare TCP connect from a pod that nothing was injected into: what an app itself would see.
 * Gives one word: connected, refused, timeout, unreachable, not-found or failed.
 */
export async function rawConnect(target: Target): Promise<string> {
  const { namespace, host, port, from = "client" } = target;
  const client = ["exec", "-n", namespace, from, "--", "node", "/raw-connect.mjs"];
  const answer = await kubectl([...client, host, String(port), String(RAW_CONNECT)]);
  return answer.split(" ")[0] ?? "";
}

/**
 * Waits until a bare connect ends as it should and gives the moment at which that connect was begun,
 * in milliseconds of performance.now().
 */
export function rawConnectGives(
  target: Target,
  wanted: "connected" | "refused" | "timeout" | "not-found",
): Promise<number> {
  const what = `a raw connect to ${target.host}:${target.port} to be ${wanted}`;
  return waitFor({ what, within: FAULT_VISIBLE }, async () => {
    const begun = performance.now();
    return (await rawConnect(target)) === wanted ? begun : undefined;
  });
}
