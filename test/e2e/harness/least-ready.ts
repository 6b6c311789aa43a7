import { spawn } from "node:child_process";

/** Looks at a Deployment's ready pods all the time. */
export interface LeastReady {
  /** The least number of ready pods since it began, by every change that the API server told. */
  least(): number;
  stop(): void;
}

/** Begins with the Deployment as it is; nothing between two looks can be missed, because it is a watch. */
export function watchLeastReady(namespace: string, deployment: string): LeastReady {
  const child = spawn("kubectl", [
    ...["get", "deployment", deployment, "-n", namespace, "--watch"],
    ...["-o", 'jsonpath={.status.readyReplicas}{"\\n"}'],
  ]);
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (piece: string) => {
    text += piece;
  });
  return {
    // The field is absent while no pod is ready.
    least: () => Math.min(...text.split("\n").slice(0, -1).map(Number)),
    stop: () => child.kill(),
  };
}
