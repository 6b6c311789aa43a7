/** Sends one proof that pods get their sidecar through an API server. */
import { randomUUID } from "node:crypto";
import { WEBHOOK_PROOF_CONFIG_MAP } from "../../api/names.ts";
import type { KubeClient } from "../kube/kube-client.ts";
import { type Proof, proofConfigMap, readProof } from "./webhook-proof.ts";

/** `namespace` is the operator's own. Rejects where the API server does not carry out the dry run. */
export async function sendProof(
  client: Pick<KubeClient, "apply">,
  namespace: string,
  fieldManager: string,
): Promise<Proof> {
  const challenge = randomUUID();
  const answer = await client.apply({
    path: `/api/v1/namespaces/${namespace}/configmaps/${WEBHOOK_PROOF_CONFIG_MAP}`,
    object: proofConfigMap(namespace, challenge),
    fieldManager,
    force: true,
    dryRun: true,
  });
  return readProof(answer, challenge);
}
