import { FAULT_VISIBLE, KUBECTL, RAW_CONNECT } from "../timeouts.ts";
import { kubectl } from "./kubectl.ts";

/** Where to connect, from a plain pod of the namespace. */
export interface Target {
  namespace: string;
  host: string;
  port: number;
  /** The pod to connect from; `client` unless it is set. */
  from?: string;
}

/** The last bare connect: the word for how it ended, and when it was begun, in milliseconds since the epoch. */
async function connect(target: Target, ...until: string[]): Promise<[string, number]> {
  const { namespace, host, port, from = "client" } = target;
  const client = ["exec", "-n", namespace, from, "--", "node", "/raw-connect.mjs"];
  const output = await kubectl([...client, host, String(port), String(RAW_CONNECT), ...until], {
    timeout: FAULT_VISIBLE + KUBECTL,
  });
  const [answer = "", begun = ""] = output.trim().split(" ");
  return [answer, Number(begun)];
}

/**
 * One bare TCP connect from a pod that nothing was injected into: what an app itself would see.
 * Gives one word: connected, refused, timeout, unreachable, not-found or failed.
 */
export async function rawConnect(target: Target): Promise<string> {
  const [answer] = await connect(target);
  return answer;
}

/**
 * Waits until a bare connect ends as it should and gives the moment at which that connect was begun,
 * in milliseconds of performance.now().
 */
export async function rawConnectGives(
  target: Target,
  wanted: "connected" | "refused" | "timeout" | "not-found",
): Promise<number> {
  const [answer, begun] = await connect(target, wanted, String(FAULT_VISIBLE));
  if (answer !== wanted) {
    const what = `a raw connect to ${target.host}:${target.port} to be ${wanted}`;
    throw new Error(`waited ${FAULT_VISIBLE} ms for ${what}: it was ${answer}`);
  }
  // Containers have this machine's clock.
  return performance.now() - (Date.now() - begun);
}
