import { type Answer, type RunOptions, run, runOrThrow } from "./kubectl.ts";

/** The test cluster, as kind calls it. KUBECONFIG names the file that reaches it. */
const CLUSTER = process.env.HEALTHPOLICY_TEST_CLUSTER ?? "healthpolicy";
/** The node of the test cluster that runs everything, in Kubernetes and as a container. */
export const NODE = `${CLUSTER}-control-plane`;
/** The other one, for tests that need two: it takes the pods that tolerate its taint. */
export const SECOND_NODE = `${CLUSTER}-worker`;
/** What keeps all other pods from it. */
export const SECOND_NODE_TAINT = "healthpolicy.dev/second-node";

/** How a command is run, and on which node; NODE unless it is set. */
interface NodeOptions extends RunOptions {
  node?: string;
}

const exec = (command: readonly string[], node: string) => ["exec", "-i", node, ...command];

/** Runs a command on a node and gives its output; throws with its own words when it fails. */
export function onNode(
  command: readonly string[],
  { node = NODE, ...options }: NodeOptions = {},
): Promise<string> {
  return runOrThrow("docker", exec(command, node), options);
}

/** Runs a command on the node; resolves whatever its exit status. */
export function tryOnNode(command: readonly string[], options: RunOptions = {}): Promise<Answer> {
  return run("docker", exec(command, NODE), options);
}
