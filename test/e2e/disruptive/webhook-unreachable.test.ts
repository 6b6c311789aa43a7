import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { withWebhookPortBlocked } from "../harness/black-hole.ts";
import { kubectl } from "../harness/kubectl.ts";
import { operatorMetric } from "../harness/operator.ts";
import { podMaker } from "../harness/pod-maker.ts";
import { condition, getPolicy } from "../harness/policy.ts";
import { openPolicyNamespace } from "../harness/policy-namespace.ts";
import { waitFor, waitUntil } from "../harness/wait-for.ts";
import {
  STATUS_FOLLOWS,
  WEBHOOK_RESTORED,
  WEBHOOK_TIMEOUT,
  WEBHOOK_UNREACHABLE_SEEN,
  WHOLE_TEST,
} from "../timeouts.ts";

const NAMESPACE = "e2e-webhook-unreachable";
const WEBHOOK_PORT = 9_443;

beforeAll(() => openPolicyNamespace(NAMESPACE, "disruptive/webhook-unreachable.yaml"), WHOLE_TEST);
afterAll(() => kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]));

const createPod = podMaker(NAMESPACE);
const nextPodIsInjected = async () => (await createPod()).injected;

const programmed = async () => condition(await getPolicy(NAMESPACE, "web"), "Programmed");
/** What the leader says; the other replica says nothing. */
const reachable = () => operatorMetric("healthpolicy_webhook_reachable");

test(
  "a firewall between API server and webhook is told by every policy within a minute, and its end as well",
  async () => {
    expect((await createPod()).injected).toBe(true);
    expect(await reachable()).toStrictEqual([1]);

    await withWebhookPortBlocked(WEBHOOK_PORT, async () => {
      const blocked = performance.now();
      const { injected, took } = await createPod();
      expect(injected).toBe(false);
      expect(took).toBeGreaterThan(WEBHOOK_TIMEOUT);

      const told = await waitFor(
        {
          what: "Programmed to say WebhookUnreachable",
          within: WEBHOOK_UNREACHABLE_SEEN - (performance.now() - blocked),
        },
        async () => {
          const found = await programmed();
          return found?.reason === "WebhookUnreachable" ? found : undefined;
        },
      );
      expect(told.status).toBe("False");
      expect(told.message).toContain(`port ${WEBHOOK_PORT}`);
      expect(await reachable()).toStrictEqual([0]);
    });

    await waitUntil(
      { what: "Programmed to come back", within: STATUS_FOLLOWS },
      async () => (await programmed())?.status === "True",
    );
    expect(await reachable()).toStrictEqual([1]);
    expect(await nextPodIsInjected()).toBe(true);
  },
  WHOLE_TEST,
);

test(
  "a configuration that was deleted by hand is back within a minute, and no condition turns",
  async () => {
    const before = await programmed();
    expect(before?.status).toBe("True");
    await kubectl(["delete", "mutatingwebhookconfiguration", "healthpolicy"]);
    expect(await nextPodIsInjected()).toBe(false);
    await waitUntil({ what: "injection to go on", within: WEBHOOK_RESTORED }, nextPodIsInjected);
    expect(await programmed()).toStrictEqual(before);
    expect(await reachable()).toStrictEqual([1]);
  },
  WHOLE_TEST,
);
