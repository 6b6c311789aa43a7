import { onNode } from "./node.ts";

/** The kubelet runs what this file says, and starts it anew when the file changes. */
const MANIFEST = "/etc/kubernetes/manifests/kube-apiserver.yaml";
/** On the same file system, so that the manifest changes whole; the kubelet does not look at it. */
const DRAFT = "/etc/kubernetes/kube-apiserver.yaml.draft";
/** The plugin that kubeadm names alone; others follow it. */
const FLAG = "--enable-admission-plugins=NodeRestriction";

async function changeManifest(change: (manifest: string) => string): Promise<void> {
  const manifest = await onNode(["cat", MANIFEST]);
  const changed = change(manifest);
  if (changed === manifest) return;
  await onNode(["cp", "--preserve", MANIFEST, DRAFT]);
  await onNode(["tee", DRAFT], { input: changed });
  await onNode(["mv", DRAFT, MANIFEST]);
}

/**
 * Has the API server start again with this admission plugin, or several with commas between. Resolves before it has.
 */
export async function addAdmissionPlugin(plugin: string): Promise<void> {
  await changeManifest((manifest) => {
    if (!manifest.includes(FLAG)) throw new Error(`the API server's manifest has no ${FLAG}`);
    return manifest.replace(FLAG, `${FLAG},${plugin}`);
  });
}

/** Has the API server start again without this admission plugin, if it runs with it. */
export async function restoreApiServer(plugin: string): Promise<void> {
  await changeManifest((manifest) => manifest.replace(`${FLAG},${plugin}`, FLAG));
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
