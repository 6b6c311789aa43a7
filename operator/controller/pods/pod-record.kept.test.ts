/** What is kept of a pod is small, whatever its author has put into it. */
import { expect, jest, test } from "@jest/globals";
import type { KubeObject } from "../kube/kube-object.ts";
import { podProjection } from "./pod-record.ts";

const MARKS = { "healthpolicy.dev/policy": "web", "healthpolicy.dev/revision": "0123456789abcdef" };
const initContainers = [{ name: "healthpolicy-sidecar", image: "sidecar:1" }];
const onTooWide = jest.fn();
const project = podProjection("registry.example/healthpolicy/sidecar:1", onTooWide);

function podOf(metadata: object, spec: object = { initContainers }, podIP = "10.0.0.1") {
  const named = { namespace: "shop", name: "web", ...metadata };
  return project({ metadata: named, spec, status: { podIP } } as KubeObject);
}

const many = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`label-${index}`, ""]));

test("no label of 44,000; it counts as one that gets no sidecar, and is told of", () => {
  const kept = podOf({ labels: many(44_000) });
  expect(kept?.labels).toStrictEqual({});
  expect(kept?.skipped?.reason).toBe("LabelsTooLarge");
  expect(onTooWide).toHaveBeenCalledWith(
    expect.objectContaining({ namespace: "shop", name: "web" }),
  );
  expect(podOf({ labels: many(64) })?.labels).toStrictEqual(many(64));
});

test("the policy that it is bound to, as far as one can have that name", () => {
  const annotations = (policy: string) => ({
    annotations: { ...MARKS, "healthpolicy.dev/policy": policy },
  });
  expect(podOf(annotations("p".repeat(63)))?.sidecar?.policy).toBe("p".repeat(63));
  expect(podOf(annotations("p".repeat(64)))).not.toHaveProperty("sidecar");
});

test("its revision, as far as it is as long as ours", () => {
  const annotations = (revision: string) => ({
    annotations: { ...MARKS, "healthpolicy.dev/revision": revision },
  });
  expect(podOf(annotations("0123456789abcdef"))?.sidecar?.revision).toBe("0123456789abcdef");
  expect(podOf(annotations("0123456789abcdef0"))?.sidecar?.revision).toBe("");
});

test("less than 16 KiB in all, whatever each field holds", () => {
  const long = "x".repeat(200_000);
  const owner = { apiVersion: long, kind: long, name: long, uid: long, controller: true };
  const probe = (index: number) => ({ httpGet: { path: `/${index}${long.slice(0, 300)}` } });
  const container = (index: number) => ({
    name: `c${index}`,
    readinessProbe: probe(index),
    livenessProbe: probe(-index),
  });
  const entry = "app/readinessProbe.timeoutSeconds=1->5, ";
  const metadata = {
    labels: Object.fromEntries(Array.from({ length: 64 }, (_, i) => [`${i}`.padEnd(62, "k"), ""])),
    annotations: { ...MARKS, "healthpolicy.dev/probes-raised": entry.repeat(40) },
    ownerReferences: [owner],
  };
  const spec = {
    initContainers: [{ name: "healthpolicy-sidecar", image: `sidecar:${"t".repeat(1_000)}` }],
    containers: Array.from({ length: 256 }, (_, index) => container(index)),
    nodeName: long,
    restartPolicy: "Always",
  };
  const kept = podOf(metadata, spec, long);
  expect(Object.keys(kept?.labels ?? {})).toHaveLength(64);
  expect(kept?.sidecar?.probes?.raised).toHaveLength(16);
  expect(JSON.stringify(kept).length).toBeLessThan(16 * 1_024);
});
