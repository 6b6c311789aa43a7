/** What of an update is looked at where the standards deny; test/e2e/standards-updates.test.ts asks the API server. */
import { describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { EXEMPT_CONTAINERS } from "./exempt-containers.ts";
import { type AdmissionCase, admit } from "./testing/admission.ts";
import { EVERY_RULE } from "./testing/examples.ts";

const LABELS = { team: "shop" };
const PASSED = "probes-change";
const READINESS =
  'container "web": readinessProbe is missing; write one that tells whether the app can take requests';
const REFUSED = [`ClusterHealthPolicy strict: ${READINESS}`];

function policy(enforcement: string) {
  const { spec, ...rest } = parse(EVERY_RULE);
  return { ...rest, spec: { ...spec, standards: { ...spec.standards, enforcement } } };
}

const livenessProbe = { httpGet: { path: "/alive", port: 80 }, timeoutSeconds: 5 };
const web = { name: "web", image: "web:1", livenessProbe };
const good = { ...web, readinessProbe: { tcpSocket: { port: 80 }, timeoutSeconds: 5 } };
const workload = (...containers: object[]) => ({
  metadata: { name: "web" },
  spec: { replicas: 1, template: { metadata: {}, spec: { containers } } },
});

function update(oldObject: object, object: object, more: Partial<AdmissionCase> = {}) {
  const params = policy("Deny");
  const asked = { resource: "deployments", operation: "UPDATE", params, labels: LABELS } as const;
  return admit("Deny", { ...asked, object, oldObject, ...more });
}

describe("an update of what stands already passes", () => {
  const stood = workload(web);
  const template = stood.spec.template;
  const restart = { metadata: { annotations: { "kubectl.kubernetes.io/restartedAt": "now" } } };
  const changed = (spec: object) => ({ ...stood, spec: { ...stood.spec, ...spec } });

  test.each<[string, object]>([
    ["a scale", changed({ replicas: 3 })],
    ["a label", { ...stood, metadata: { name: "web", labels: LABELS } }],
    ["a restart", changed({ template: { ...template, ...restart } })],
    ["another image, as a rollback brings it", workload({ ...web, image: "web:0" })],
    [
      "a nodeSelector, as a queue puts it into a suspended Job",
      changed({ template: { ...template, spec: { ...template.spec, nodeSelector: LABELS } } }),
    ],
    ["a volume", workload({ ...web, volumeMounts: [{ name: "data", mountPath: "/data" }] })],
    ["the proxy of a mesh", workload(web, { name: EXEMPT_CONTAINERS[0] })],
  ])("with %s, and is warned of again", (_, object) => {
    expect(update(stood, object)).toBe(PASSED);
    const warned = { resource: "deployments", operation: "UPDATE", labels: LABELS } as const;
    const asked = { ...warned, object, oldObject: stood, params: policy("Warn") };
    expect(admit("Warn", asked)).toStrictEqual(REFUSED);
  });

  test("whatever the order of its containers, and where one goes", () => {
    const other = { ...good, name: "other" };
    expect(update(workload(web, other), workload(other, web))).toBe(PASSED);
    expect(update(workload(web, other), workload(web))).toBe(PASSED);
  });

  test("in a CronJob too", () => {
    const cronJob = (spec: object) => ({
      metadata: {},
      spec: { ...spec, jobTemplate: { spec: { template } } },
    });
    const asked = [cronJob({ suspend: false }), cronJob({ suspend: true })] as const;
    expect(update(...asked, { resource: "cronjobs" })).toBe(PASSED);
  });
});

describe("an update is refused where what it changes leaves a violation", () => {
  const probe = { tcpSocket: { port: 80 } };
  test.each<[string, object, object]>([
    ["a readinessProbe goes", workload(good), workload(web)],
    [
      "a livenessProbe is another",
      workload(web),
      workload({ ...web, livenessProbe: { ...livenessProbe, timeoutSeconds: 6 } }),
    ],
    ["a startupProbe comes", workload(web), workload({ ...web, startupProbe: probe })],
    ["a startupProbe goes", workload({ ...web, startupProbe: probe }), workload(web)],
    ["a container comes", workload(web), workload(web, { ...good, name: "other" })],
    ["a container is renamed", workload({ ...web, name: "app" }), workload(web)],
    [
      "the second of two changes",
      workload({ ...good, name: "other" }, good),
      workload({ ...good, name: "other" }, web),
    ],
  ])("%s", (_, before, after) => {
    expect(update(before, after)).toStrictEqual(REFUSED);
  });

  test("and passes where the change leaves none", () => {
    expect(update(workload(web), workload(good))).toStrictEqual([]);
  });
});
