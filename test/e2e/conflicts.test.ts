import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { POLICY_ANNOTATION } from "../../operator/api/names.ts";
import { created } from "./harness/created.ts";
import { kubectl, kubectlJson, run } from "./harness/kubectl.ts";
import { freshNamespace } from "./harness/namespace.ts";
import { condition, getPolicy, policyProgrammed } from "./harness/policy.ts";
import { unscheduledPod } from "./harness/small-pod.ts";
import { waitFor, waitUntil } from "./harness/wait-for.ts";
import { STATUS_FOLLOWS, WHOLE_TEST } from "./timeouts.ts";

const NAMESPACE = "e2e-conflicts";

const policy = (name: string, spec: object) => ({
  apiVersion: "healthpolicy.dev/v1alpha1",
  kind: "HealthPolicy",
  metadata: { name, namespace: NAMESPACE },
  spec: {
    dependencies: [{ name: "sessions", memcached: { servers: [{ host: "cache" }] } }],
    ...spec,
  },
});

const podWith = (name: string, labels: Record<string, string>) => {
  const pod = unscheduledPod(NAMESPACE, name);
  return { ...pod, metadata: { ...pod.metadata, labels } };
};

/** Waits until a condition of the policy has this reason, and gives all that it says. */
function conditionBecomes(name: string, type: string, reason: string) {
  const what = `${type} of ${name} to be ${reason}`;
  return waitFor({ what, within: STATUS_FOLLOWS }, async () => {
    const found = condition(await getPolicy(NAMESPACE, name), type);
    return found?.reason === reason ? found : undefined;
  });
}

beforeAll(() => freshNamespace(NAMESPACE), WHOLE_TEST);
afterAll(() => kubectl(["delete", "namespace", NAMESPACE, "--wait=false", "--ignore-not-found"]));

test(
  "the oldest policy keeps its pods; a younger dry run says which are not its own; one that is left with none is stalled",
  async () => {
    await created(policy("web", { selector: { matchLabels: { app: "web" } } }));
    // A second or more, so that the other is younger by its timestamp and not by its name.
    await policyProgrammed(NAMESPACE, "web");
    await created(policy("everything", { selector: {}, mode: "DryRun" }));
    await policyProgrammed(NAMESPACE, "everything");

    const input = JSON.stringify(podWith("web-1", { app: "web" }));
    const { stderr } = await run("kubectl", ["create", "-f", "-"], { input });
    expect(stderr).toContain(
      "HealthPolicy web applies to this pod, not the younger everything, which matches it too",
    );
    const other = await created(podWith("other-1", { app: "other" }));
    const bound = await kubectlJson<typeof other>("get", "pod", "web-1", "-n", NAMESPACE);
    expect(bound.metadata.annotations?.[POLICY_ANNOTATION]).toBe("web");
    expect(JSON.stringify(bound.spec)).toContain("healthpolicy-policy-web");
    expect(JSON.stringify(bound.spec)).not.toContain("healthpolicy-policy-everything");
    expect(other.metadata.annotations?.[POLICY_ANNOTATION]).toBe("everything");

    expect(await conditionBecomes("everything", "Programmed", "PartiallyProgrammed")).toMatchObject(
      {
        status: "False",
        message: "1 of 2 matching pods belong to the older HealthPolicy web.",
      },
    );
    expect(condition(await getPolicy(NAMESPACE, "everything"), "Stalled")?.status).toBe("False");
    expect((await getPolicy(NAMESPACE, "web")).status?.pods).toMatchObject({ summary: "1/1" });

    await created(policy("front", { selector: { matchLabels: { app: "web", tier: "front" } } }));
    const message = "Every pod that the selector matches belongs to the older HealthPolicy web.";
    const conflicted = { reason: "Conflicted", message };
    expect(await conditionBecomes("front", "Stalled", "Conflicted")).toMatchObject({
      status: "True",
      ...conflicted,
    });
    expect(condition(await getPolicy(NAMESPACE, "front"), "Programmed")).toMatchObject({
      status: "False",
      ...conflicted,
    });
  },
  WHOLE_TEST,
);

test(
  "when the oldest is deleted its pods belong to the next, as outdated ones, and a new pod is bound to that",
  async () => {
    await kubectl(["delete", "healthpolicy", "web", "-n", NAMESPACE]);
    await policyProgrammed(NAMESPACE, "everything");
    expect(await conditionBecomes("everything", "PodsCurrent", "PodsOutdated")).toMatchObject({
      message: expect.stringContaining("1 of 2 pods run what an earlier policy asked for."),
    });
    const pod = await created(podWith("web-2", { app: "web", tier: "front" }));
    expect(pod.metadata.annotations?.[POLICY_ANNOTATION]).toBe("everything");
    const winner =
      "Every pod that the selector matches belongs to the older HealthPolicy everything.";
    await waitUntil({ what: "front to name the next winner", within: STATUS_FOLLOWS }, async () => {
      const programmed = condition(await getPolicy(NAMESPACE, "front"), "Programmed");
      return programmed?.reason === "Conflicted" && programmed.message === winner;
    });
  },
  WHOLE_TEST,
);
