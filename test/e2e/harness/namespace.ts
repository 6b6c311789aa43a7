import { CONTROLLERS_RETURN, NAMESPACE_GONE } from "../timeouts.ts";
import { kubectl } from "./kubectl.ts";

/** Labels of a namespace that enforces the restricted Pod Security Standard, as strict as they come. */
export const RESTRICTED = { "pod-security.kubernetes.io/enforce": "restricted" };

/**
 * Creates a namespace with these labels, after taking away what an earlier run may have left of it. Pods can be
 * created there: the controller that makes a namespace's account starts anew when the API server was restarted.
 */
export async function freshNamespace(
  name: string,
  labels: Record<string, string> = {},
): Promise<void> {
  await kubectl(["delete", "namespace", name, "--ignore-not-found"], { timeout: NAMESPACE_GONE });
  const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } };
  await kubectl(["create", "-f", "-"], { input: JSON.stringify(namespace) });
  await kubectl(
    [
      "wait",
      "serviceaccount/default",
      "-n",
      name,
      "--for=create",
      `--timeout=${CONTROLLERS_RETURN}ms`,
    ],
    { timeout: CONTROLLERS_RETURN },
  );
}
