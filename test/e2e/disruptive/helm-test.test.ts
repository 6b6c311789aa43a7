/** What `helm test` says of the installation as it is, and while API servers do not reach the webhook. */
import { afterAll, expect, test } from "@jest/globals";
import { withWebhookPortBlocked } from "../harness/black-hole.ts";
import { kubectl, run } from "../harness/kubectl.ts";
import { OPERATOR_NAMESPACE } from "../harness/operator.ts";
import { waitUntil } from "../harness/wait-for.ts";
import { HELM, NAMESPACE_GONE, WHOLE_TEST } from "../timeouts.ts";

const WEBHOOK_PORT = 9_443;
const POD = "healthpolicy-test";

afterAll(() =>
  kubectl(["delete", "pod", POD, "-n", OPERATOR_NAMESPACE, "--ignore-not-found", "--wait=false"]),
);

const helmTest = () =>
  run("helm", ["test", "healthpolicy", "-n", OPERATOR_NAMESPACE, "--logs", `--timeout=${HELM}ms`], {
    timeout: 2 * HELM,
  });

test(
  "a sound installation, and nothing stays behind but the pod with the log",
  async () => {
    const { code, stdout, stderr } = await helmTest();
    const lines = stdout.split("\n").filter((line) => /^[√×]|^All/.test(line));
    expect(lines.map((line) => line.replace(/ \(.*$/, ""))).toStrictEqual([
      "√ the CustomResourceDefinitions are served",
      "√ the webhook's certificate is valid and trusted",
      "√ API servers reach the webhook",
      "√ a policy with a mistake is refused",
      "√ a new pod gets the sidecar",
      "All checks succeeded.",
    ]);
    // Helm's client logs a watch that the API server ends, which says nothing of the test.
    const said = stderr.replaceAll(/^[IW]\d{4} .*\n/gm, "");
    expect([code, said]).toStrictEqual([0, ""]);
    const what = "the end of the test's namespace";
    await waitUntil({ what, within: NAMESPACE_GONE }, async () => {
      const names = await kubectl(["get", "namespaces", "-o", "name"]);
      return !names.includes("-helm-test-");
    });
    const roles = await kubectl(["get", "clusterroles,clusterrolebindings", "-o", "name"]);
    expect(roles).not.toContain(POD);
    const left = await kubectl(["get", "pods,roles,sa", "-n", OPERATOR_NAMESPACE, "-o", "name"]);
    expect(left.split("\n").filter((name) => name.endsWith(`/${POD}`))).toStrictEqual([
      `pod/${POD}`,
    ]);
  },
  WHOLE_TEST,
);

test(
  "while API servers do not reach the webhook it fails and says so, and where to look",
  async () => {
    await withWebhookPortBlocked(WEBHOOK_PORT, async () => {
      const { code, stdout } = await helmTest();
      expect(code).not.toBe(0);
      expect(stdout).toContain(
        [
          "× API servers reach the webhook",
          "    The API server gets no answer from the operator's webhook, so new pods start without the sidecar.",
          "    see docs/troubleshooting.md#webhookunreachable",
        ].join("\n"),
      );
      expect(stdout).toContain("× a new pod gets the sidecar\n");
      expect(stdout).toContain("√ a policy with a mistake is refused");
    });
  },
  WHOLE_TEST,
);
