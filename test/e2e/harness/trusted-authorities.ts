import { splitBundle } from "../../../operator/controller/certificate/certificate-plan.ts";
import { kubectlJson } from "./kubectl.ts";

/** What API servers are told of the webhook. */
export const WEBHOOK_CONFIGURATION = ["mutatingwebhookconfiguration", "healthpolicy"];

/** Whom API servers are told to trust: certificates as PEM text. */
export async function trustedAuthorities(): Promise<string[]> {
  const { webhooks } = await kubectlJson<{
    webhooks: { clientConfig: { caBundle?: string } }[];
  }>("get", ...WEBHOOK_CONFIGURATION);
  const [caBundle = ""] = webhooks.map(({ clientConfig }) => clientConfig.caBundle ?? "");
  return splitBundle(Buffer.from(caBundle, "base64").toString("utf8"));
}
