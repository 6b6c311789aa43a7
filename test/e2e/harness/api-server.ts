import { kubectl } from "./kubectl.ts";
import { onNode } from "./node.ts";

/** The kubelet runs what this file says, and starts it anew when the file changes. */
const MANIFEST = "/etc/kubernetes/manifests/kube-apiserver.yaml";
/** On the same file system, so that the manifest changes whole; the kubelet does not look at it. */
const DRAFT = "/etc/kubernetes/kube-apiserver.yaml.draft";
/** The plugin that kubeadm names alone; others follow it. */
const FLAG = "--enable-admission-plugins=NodeRestriction";
/** What the kubelet sees as a change, though it changes nothing. */
const ANNOTATIONS = "  annotations:\n";
const RESTARTED = "    healthpolicy.dev/restarted:";

function withPlugin(manifest: string, plugin: string): string {
  if (!manifest.includes(FLAG)) throw new Error(`the API server's manifest has no ${FLAG}`);
  return manifest.includes(plugin) ? manifest : manifest.replace(FLAG, `${FLAG},${plugin}`);
}

/** Seconds since 1970 at which the API server that answers was started. */
export async function apiServerStart(): Promise<number> {
  const metrics = await kubectl(["get", "--raw", "/metrics"]);
  return Number(/^process_start_time_seconds (.+)$/m.exec(metrics)?.[1]);
}

/** Has the API server start again, from now on with this admission plugin. Resolves before it has. */
export async function restartApiServerWith(plugin: string): Promise<void> {
  const manifest = await onNode(["cat", MANIFEST]);
  const before = manifest.replaceAll(new RegExp(`^${RESTARTED}.*\n`, "gm"), "");
  const restarted = `${ANNOTATIONS}${RESTARTED} "${Date.now()}"\n`;
  await onNode(["cp", "--preserve", MANIFEST, DRAFT]);
  const input = withPlugin(before, plugin).replace(ANNOTATIONS, restarted);
  await onNode(["tee", DRAFT], { input });
  await onNode(["mv", DRAFT, MANIFEST]);
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
