import { spawn } from "node:child_process";
import { KUBECTL } from "../timeouts.ts";
import { waitUntil } from "./wait-for.ts";

/** Looks at a Deployment's ready pods all the time. */
export interface LeastReady {
  /** The least number of ready pods since it began, by every change that the API server told. */
  least(): number;
  stop(): void;
}

/**
 * Begins with the Deployment as it is, and resolves once that has come: from then on no change can be missed, because
 * it is a watch.
 */
export async function watchLeastReady(namespace: string, deployment: string): Promise<LeastReady> {
  const child = spawn("kubectl", [
    ...["get", "deployment", deployment, "-n", namespace, "--watch"],
    ...["-o", 'jsonpath={.status.readyReplicas}{"\\n"}'],
  ]);
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (piece: string) => {
    text += piece;
  });
  const lines = () => text.split("\n").slice(0, -1);
  const what = `a watch of Deployment ${deployment}`;
  try {
    await waitUntil({ what, within: KUBECTL }, async () => lines().length > 0);
  } catch (error) {
    child.kill();
    throw error;
  }
  return {
    // The field is absent while no pod is ready.
    least: () => Math.min(...lines().map(Number)),
    stop: () => child.kill(),
  };
}
