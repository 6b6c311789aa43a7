import { KubeConfig } from "@kubernetes/client-node";

/** Configuration from KUBECONFIG, the home folder, or the pod's service account, in this order. */
export function loadKubeConfig(): KubeConfig {
  const config = new KubeConfig();
  config.loadFromDefault();
  return config;
}
