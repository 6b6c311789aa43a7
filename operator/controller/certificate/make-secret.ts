/**
 * Makes the webhook's Secret again where somebody has deleted it: empty, and part of the release, as the chart made it.
 */
import { clusterRolePath } from "../kube/cluster-role.ts";
import type { KubeClient } from "../kube/kube-client.ts";
import type { OperatorSettings } from "../settings.ts";

/**
 * Not the manager of the data: with server-side apply each write of those would take away again what it does not state
 * itself.
 */
const FIELD_MANAGER = "healthpolicy-certificate-secret";
/**
 * By these Helm knows the objects of a release. Without them `helm uninstall` leaves the Secret behind, and the next
 * `helm install` fails because of it. They are the same in every version of the chart, unlike its other labels, so that
 * an upgrade does not find another value under another manager.
 */
const LABELS = ["app.kubernetes.io/managed-by"];
const ANNOTATIONS = ["meta.helm.sh/release-name", "meta.helm.sh/release-namespace"];

/** Which Secret, and the chart's ClusterRole, which tells the release. */
export interface MakeSecretOptions {
  client: KubeClient;
  settings: Pick<OperatorSettings, "namespace" | "certificateSecret" | "clusterRole">;
}

interface Marked {
  metadata: { labels?: Record<string, string>; annotations?: Record<string, string> };
}

function pick(names: readonly string[], from: Record<string, string> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(from).filter(([name]) => names.includes(name)));
}

/**
 * Makes the Secret; whoever made it meanwhile keeps what is in it. Rejects with 404 where the ClusterRole is gone: the
 * chart is uninstalled, and a Secret that is made now would stay.
 */
export async function makeSecret({ client, settings }: MakeSecretOptions): Promise<void> {
  const { namespace, certificateSecret: secret, clusterRole } = settings;
  const role = await client.request<Marked>({
    method: "GET",
    path: clusterRolePath(clusterRole),
  });
  await client.apply({
    path: `/api/v1/namespaces/${namespace}/secrets/${secret}`,
    object: {
      apiVersion: "v1",
      kind: "Secret",
      metadata: {
        name: secret,
        namespace,
        labels: pick(LABELS, role.metadata.labels),
        annotations: pick(ANNOTATIONS, role.metadata.annotations),
      },
    },
    fieldManager: FIELD_MANAGER,
    force: true,
  });
}
