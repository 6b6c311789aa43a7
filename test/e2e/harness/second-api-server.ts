/** A second API server of the test cluster, beside the first: for admission plugins that others could not live with. */
import type { Answer, RunOptions } from "./kubectl.ts";
import { NODE, onNode, tryOnNode } from "./node.ts";

const MANIFESTS = "/etc/kubernetes/manifests";
const NAME = "kube-apiserver-second";
const PORT = "6444";

/** Each becomes the other in the manifest of the first. */
const DIFFERENCES: [string | RegExp, string][] = [
  [/^ {2}name: kube-apiserver$/m, `  name: ${NAME}`],
  ["component: kube-apiserver", `component: ${NAME}`],
  [/\b6443\b/g, PORT],
  // As a critical pod with a large request it would push others off a full node.
  [/^( +)cpu: .*$/m, "$1cpu: 10m"],
  // Pods go on asking the first one alone.
  [/^( +)- kube-apiserver$/m, "$1- kube-apiserver\n$1- --endpoint-reconciler-type=none"],
];

function changed(manifest: string, from: string | RegExp, to: string): string {
  const result = manifest.replace(from, to);
  if (result === manifest) throw new Error(`the API server's manifest has no ${from}`);
  return result;
}

/** Starts it with this admission plugin more. Resolves before it answers. */
export async function startSecondApiServer(plugin: string): Promise<void> {
  const first = await onNode(["cat", `${MANIFESTS}/kube-apiserver.yaml`]);
  const flag = "--enable-admission-plugins=";
  const differences = [...DIFFERENCES, [flag, `${flag}${plugin},`] as const];
  const input = differences.reduce((manifest, [from, to]) => changed(manifest, from, to), first);
  await onNode(["tee", `${MANIFESTS}/${NAME}.yaml`], { input });
}

/** Has it end; nothing waits for that. */
export async function endSecondApiServer(): Promise<void> {
  await onNode(["rm", "-f", `${MANIFESTS}/${NAME}.yaml`]);
}

/** Runs kubectl against it; resolves whatever its exit status. */
export function askSecondApiServer(
  parameters: readonly string[],
  options: RunOptions = {},
): Promise<Answer> {
  const server = ["--kubeconfig=/etc/kubernetes/admin.conf", `--server=https://${NODE}:${PORT}`];
  return tryOnNode(["kubectl", ...server, ...parameters], options);
}
