import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { dryRunPod } from "./harness/dry-run-pod.ts";
import { kubectl, run } from "./harness/kubectl.ts";
import { freshNamespace } from "./harness/namespace.ts";
import { policyProgrammed } from "./harness/policy.ts";
import {
  POD_LIMITS_FILLED_IN_SINCE_MINOR,
  POD_RESOURCES_SINCE_MINOR,
  serverMinor,
} from "./harness/server-minor.ts";
import { smallPod } from "./harness/small-pod.ts";
import { KUBECTL, WHOLE_TEST } from "./timeouts.ts";

const NAMESPACE = "e2e-sidecar-resources";

const policy = {
  apiVersion: "healthpolicy.dev/v1alpha1",
  kind: "HealthPolicy",
  metadata: { name: "web", namespace: NAMESPACE },
  spec: {
    selector: { matchLabels: { app: "web" } },
    dependencies: [{ name: "mail", tcp: { host: "mail.shop", port: 25 } }],
    // More than the chart's limit of 64Mi, which has to follow, or the API server refuses each pod.
    sidecar: { resources: { requests: { memory: "96Mi" }, limits: { cpu: "200m" } } },
  },
};

beforeAll(async () => {
  await freshNamespace(NAMESPACE);
  await kubectl(["create", "-f", "-"], { input: JSON.stringify(policy) });
  await policyProgrammed(NAMESPACE, "web");
}, WHOLE_TEST);
afterAll(() => kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]));

test(
  "a new pod is accepted with what its policy asks for the sidecar, and the chart's values beside it",
  async () => {
    const { refusal, sidecars } = await dryRunPod(smallPod(NAMESPACE, "web"));
    expect(refusal).toBe("");
    expect(sidecars).toMatchObject([
      {
        resources: {
          requests: { cpu: "5m", memory: "96Mi" },
          limits: { cpu: "200m", memory: "96Mi" },
        },
      },
    ]);
  },
  KUBECTL,
);

// Since 1.37 an API server fills in such requests after the webhook, from what the containers ask for: ours alone.
test(
  "a pod with limits for the whole of it has the sidecar's besides, asks for as much, and is Guaranteed",
  async () => {
    const limits = { cpu: "1", memory: "256Mi" };
    const withOurs = { cpu: "1200m", memory: "352Mi" };
    const pod = smallPod(NAMESPACE, "web");
    const { refusal, sidecars, ...made } = await dryRunPod({
      ...pod,
      spec: { ...pod.spec, resources: { limits } },
    });
    expect(refusal).toBe("");
    expect(sidecars).toHaveLength(1);
    // An older API server leaves the field out.
    const known = (await serverMinor()) >= POD_RESOURCES_SINCE_MINOR;
    expect(made.resources).toStrictEqual(
      known ? { limits: withOurs, requests: withOurs } : undefined,
    );
    expect(made.qosClass).toBe(known ? "Guaranteed" : "Burstable");
  },
  KUBECTL,
);

test(
  "a pod whose containers make it Guaranteed is so with the sidecar, whatever it asks for as a whole",
  async () => {
    const resources = { limits: { cpu: "1", memory: "256Mi" } };
    const pod = smallPod(NAMESPACE, "web");
    const containers = pod.spec.containers.map((one) => ({ ...one, resources }));
    const { refusal, sidecars, ...made } = await dryRunPod({
      ...pod,
      spec: { ...pod.spec, containers, resources: { requests: resources.limits } },
    });
    expect(refusal).toBe("");
    expect(sidecars).toHaveLength(1);
    // From 1.34 to 1.36 a pod that states requests alone has no limit as a whole, with and without us.
    const minor = await serverMinor();
    const hasNoLimit =
      minor >= POD_RESOURCES_SINCE_MINOR && minor < POD_LIMITS_FILLED_IN_SINCE_MINOR;
    expect(made.qosClass).toBe(hasNoLimit ? "Burstable" : "Guaranteed");
  },
  KUBECTL,
);

test(
  "whoever creates a pod whose probes run back to back is told so",
  async () => {
    const pod = smallPod(NAMESPACE, "web");
    const probe = (periodSeconds: number) => ({
      tcpSocket: { port: 80 },
      periodSeconds,
      timeoutSeconds: 5,
    });
    const warnings = async (periodSeconds: number) => {
      const readinessProbe = probe(periodSeconds);
      const containers = pod.spec.containers.map((one) => ({ ...one, readinessProbe }));
      const input = JSON.stringify({ ...pod, spec: { ...pod.spec, containers } });
      const answer = await run("kubectl", ["create", "--dry-run=server", "-f", "-"], { input });
      expect(answer.code).toBe(0);
      return answer.stderr.trim();
    };
    expect(await warnings(2)).toBe(
      'Warning: container "app": readinessProbe.periodSeconds (2) is less than timeoutSeconds (5), so that probes will run back to back while the app hangs; write at least 5',
    );
    expect(await warnings(5)).toBe("");
  },
  KUBECTL,
);
