import { API_SERVER_ANSWERS, API_SERVER_START } from "../timeouts.ts";
import { run } from "./kubectl.ts";
import { onNode } from "./node.ts";
import { waitUntil } from "./wait-for.ts";

/** The kubelet runs what this file says. */
const MANIFEST = "/etc/kubernetes/manifests/kube-apiserver.yaml";
/** On the same file system, so that the manifest comes back whole; the kubelet does not look at it. */
const AWAY = "/etc/kubernetes/kube-apiserver.yaml.away";
/** The plugin that kubeadm names alone; others follow it. */
const FLAG = "--enable-admission-plugins=NodeRestriction";

function withPlugin(manifest: string, plugin: string): string {
  if (!manifest.includes(FLAG)) throw new Error(`the API server's manifest has no ${FLAG}`);
  return manifest.includes(plugin) ? manifest : manifest.replace(FLAG, `${FLAG},${plugin}`);
}

async function apiServerAnswers(): Promise<boolean> {
  const ask = ["get", "--raw", "/readyz", `--request-timeout=${API_SERVER_ANSWERS}ms`];
  return (await run("kubectl", ask)).code === 0;
}

/**
 * Ends the API server, and has it start again after `during`, from then on with this admission plugin. `during` begins
 * when nobody answers any more; resolves when the API server answers, to what `during` gave.
 */
export async function withoutApiServer<T>(plugin: string, during: () => Promise<T>): Promise<T> {
  const manifest = await onNode(["cat", MANIFEST]);
  const input = withPlugin(manifest, plugin);
  await onNode(["mv", MANIFEST, AWAY]);
  try {
    const gone = { what: "the API server to be gone", within: API_SERVER_START };
    await waitUntil(gone, async () => !(await apiServerAnswers()));
    return await during();
  } finally {
    await onNode(["tee", AWAY], { input });
    await onNode(["mv", AWAY, MANIFEST]);
    const back = { what: "the API server to answer again", within: API_SERVER_START };
    await waitUntil(back, apiServerAnswers);
  }
}

/**
 * Has the node's kubelet and kube-proxy start again. Those that outlive an API server ask the next one only
 * after waits that grew with each failure: up to 110 s during which no pod starts or finds its way (measured).
 * Resolves before they are ready.
 */
export async function restartNodeAgents(): Promise<void> {
  await onNode(["systemctl", "restart", "kubelet"]);
  await onNode(["pkill", "--exact", "kube-proxy"]);
}
