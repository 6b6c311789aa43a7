import { type Answer, type RunOptions, run, runOrThrow } from "./kubectl.ts";

/** The test cluster's only node, in Kubernetes and as a container. */
export const NODE = "healthpolicy-control-plane";

const exec = (command: readonly string[]) => ["exec", "-i", NODE, ...command];

/** Runs a command on the node and gives its output; throws with its own words when it fails. */
export function onNode(command: readonly string[], options: RunOptions = {}): Promise<string> {
  return runOrThrow("docker", exec(command), options);
}

/** Runs a command on the node; resolves whatever its exit status. */
export function tryOnNode(command: readonly string[]): Promise<Answer> {
  return run("docker", exec(command));
}
