import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { dryRunPod } from "./harness/dry-run-pod.ts";
import { kubectl } from "./harness/kubectl.ts";
import { openPolicyNamespace } from "./harness/policy-namespace.ts";
import { smallPod } from "./harness/small-pod.ts";
import { waitUntil } from "./harness/wait-for.ts";
import { STATUS_FOLLOWS, WHOLE_TEST } from "./timeouts.ts";

const NAMESPACE = "e2e-linkerd-namespace";

beforeAll(() => openPolicyNamespace(NAMESPACE, "linkerd-namespace.yaml"), WHOLE_TEST);
afterAll(() => kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]));

const skippedPorts = async () => {
  const { annotations } = await dryRunPod(smallPod(NAMESPACE, "web"));
  return annotations["config.linkerd.io/skip-inbound-ports"];
};

test(
  "our port joins those that the namespace lets Linkerd skip",
  async () => {
    expect(await skippedPorts()).toBeUndefined();
    await kubectl([
      "annotate",
      "namespace",
      NAMESPACE,
      "linkerd.io/inject=enabled",
      "config.linkerd.io/skip-inbound-ports=25,587",
    ]);
    await waitUntil({ what: "the operator to see it", within: STATUS_FOLLOWS }, async () => {
      return (await skippedPorts()) === "25,587,19847";
    });
  },
  WHOLE_TEST,
);
