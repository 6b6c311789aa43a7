/** Standards with `enforcement: Apply`, for pods with a HealthPolicy and without. */
import { expect, test } from "@jest/globals";
import { INJECT_LABEL, PROBES_RAISED_ANNOTATION } from "../api/names.ts";
import type { Standards } from "../api/standards/rule.ts";
import { applyStandards } from "./apply-standards.ts";
import type { Pod } from "./pod.ts";
import { deepFreeze } from "./testing/deep-freeze.ts";

const APPLY: Standards = { enforcement: "Apply", readinessProbe: { minTimeoutSeconds: 5 } };

function pod(metadata: Pod["metadata"] = {}, spec: Pod["spec"] = {}): Pod {
  const readinessProbe = { tcpSocket: { port: 80 } };
  return deepFreeze({ metadata, spec: { ...spec, containers: [{ name: "app", readinessProbe }] } });
}

test.each<[string, Pod]>([
  ["an ordinary pod", pod()],
  ["one on the node's network", pod({}, { hostNetwork: true })],
  ["one of a Job", pod({}, { restartPolicy: "Never" })],
  ["one for Windows", pod({}, { os: { name: "windows" } })],
  ["one whose label says something else", pod({ labels: { [INJECT_LABEL]: "true" } })],
])("the probes of %s are raised", (_what, before) => {
  const after = applyStandards(before, [APPLY]);
  expect(after.spec?.containers?.[0]?.readinessProbe).toMatchObject({ timeoutSeconds: 5 });
  expect(after.metadata?.annotations).toStrictEqual({
    [PROBES_RAISED_ANNOTATION]: "app/readinessProbe.timeoutSeconds=1->5",
  });
  expect(applyStandards(deepFreeze(after), [APPLY])).toBe(after);
});

test.each<[string, Pod]>([
  ["that is opted out", pod({ labels: { [INJECT_LABEL]: "false" } })],
  ["that mirrors a static one", pod({ annotations: { "kubernetes.io/config.mirror": "1" } })],
])("a pod %s stays the very same", (_what, before) => {
  expect(applyStandards(before, [APPLY])).toBe(before);
});

test("standards that only warn change nothing", () => {
  const before = pod();
  expect(applyStandards(before, [{ ...APPLY, enforcement: "Warn" }, undefined])).toBe(before);
});
