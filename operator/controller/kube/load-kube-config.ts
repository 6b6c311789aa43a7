import { readFileSync } from "node:fs";
import { KubeConfig } from "@kubernetes/client-node";
import type { KubeAccess } from "./kube-client.ts";

/** As the library and client-go have it; the kubelet replaces a token long before it ends. */
const TOKEN_READ_MILLISECONDS = 60_000;

/**
 * Gives the token that is in the file. The library reads it anew when its clock is a minute on: with one that was a day
 * ahead and then set right, it would send a token that has ended for the rest of the day.
 */
function createTokenReader(): (file: string) => string {
  let read: { file: string; token: string; at: number } | undefined;
  return (file) => {
    const now = Date.now();
    if (read?.file !== file || Math.abs(now - read.at) > TOKEN_READ_MILLISECONDS) {
      read = { file, token: readFileSync(file, "utf8"), at: now };
    }
    return read.token;
  };
}

/** Configuration from KUBECONFIG, the home folder, or the pod's service account, in this order. */
export function loadKubeConfig(): KubeAccess {
  const config = new KubeConfig();
  config.loadFromDefault();
  const tokenOf = createTokenReader();
  return {
    getCurrentCluster: () => config.getCurrentCluster(),
    applyToHTTPSOptions: async (options) => {
      await config.applyToHTTPSOptions(options);
      const file: unknown = config.getCurrentUser()?.authProvider?.config?.tokenFile;
      if (typeof file !== "string") return;
      options.headers = { ...options.headers, Authorization: `Bearer ${tokenOf(file)}` };
    },
  };
}
