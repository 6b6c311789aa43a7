import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { kubectl } from "../harness/kubectl.ts";
import { OPERATOR_NAMESPACE, OPERATOR_SELECTOR, operatorPods } from "../harness/operator.ts";
import { podMaker } from "../harness/pod-maker.ts";
import { isReady, restarts } from "../harness/pods.ts";
import { openPolicyNamespace } from "../harness/policy-namespace.ts";
import { withStoppedProcesses } from "../harness/stopped-processes.ts";
import { waitUntil } from "../harness/wait-for.ts";
import { STATUS_FOLLOWS, WEBHOOK_HANGS_CREATE, WEBHOOK_TIMEOUT, WHOLE_TEST } from "../timeouts.ts";

const NAMESPACE = "e2e-operator-hangs";
const OPERATOR = { namespace: OPERATOR_NAMESPACE, selector: OPERATOR_SELECTOR };

beforeAll(() => openPolicyNamespace(NAMESPACE, "disruptive/operator-hangs.yaml"), WHOLE_TEST);
afterAll(() => kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]));

const createPod = podMaker(NAMESPACE);

test(
  "while every replica of the webhook hangs pods are created after its timeout, unmodified",
  async () => {
    expect((await createPod()).injected).toBe(true);
    const restartsBefore = (await operatorPods()).map(restarts);
    await withStoppedProcesses(OPERATOR, async () => {
      const { injected, took } = await createPod();
      expect(injected).toBe(false);
      // Nobody refuses the connection: the API server waits for an answer for as long as it may.
      expect(took).toBeGreaterThan(WEBHOOK_TIMEOUT);
      expect(took).toBeLessThan(WEBHOOK_HANGS_CREATE);
    });
    await waitUntil({ what: "both replicas to be ready", within: STATUS_FOLLOWS }, async () =>
      (await operatorPods()).every(isReady),
    );
    await waitUntil(
      { what: "a new pod to be injected", within: STATUS_FOLLOWS },
      async () => (await createPod()).injected,
    );
    expect((await operatorPods()).map(restarts)).toStrictEqual(restartsBefore);
  },
  WHOLE_TEST,
);
