/** Objects as wide as an API server stores them: it bounds their bytes, 1.5 MiB, and nothing else. */
import { unscheduledPod } from "./small-pod.ts";

/** Labels without a value; each object has others, as equal texts are one in a program's memory. */
const labelsOf = (index: number, count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`l${index}-${n.toString(36)}`, ""]));

function serviceOf(namespace: string, index: number) {
  const ports = [{ port: 80 }];
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: `wide-${index}`, namespace },
    spec: { clusterIP: "None", ports, selector: labelsOf(index, 90_000) },
  };
}

function podOf(namespace: string, index: number) {
  const pod = unscheduledPod(namespace, `wide-${index}`);
  // Half as many as of a selector: the API server stores of each label once more who wrote it.
  return { ...pod, metadata: { ...pod.metadata, labels: labelsOf(index, 44_000) } };
}

/**
 * Services that select by 90,000 labels, as many as ended every replica that kept them, and two pods of 44,000. As many
 * pods as ended a leader would take an API server a minute.
 */
export function wideObjects(namespace: string): object[] {
  return [
    ...Array.from({ length: 15 }, (_, index) => serviceOf(namespace, index)),
    ...Array.from({ length: 2 }, (_, index) => podOf(namespace, index)),
  ];
}

/** A Service of 8.4 MB as JSON, of which 1.4 MB are stored: the API server writes `<` as six characters. */
export function longService(namespace: string): object {
  const owner = {
    apiVersion: "example.org/v1",
    kind: "Long",
    uid: "1",
    name: "<".repeat(1_400_000),
  };
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "long", namespace, ownerReferences: [owner] },
    spec: { clusterIP: "None", ports: [{ port: 80 }], selector: { app: "long" } },
  };
}

/** A pod of no policy, likewise, which comes as one line of a watch; no webhook is asked about it. */
export function longPod(namespace: string): object {
  const pod = unscheduledPod(namespace, "long");
  const labels = { "healthpolicy.dev/inject": "false" };
  const env = [{ name: "LONG", value: "<".repeat(1_400_000) }];
  const containers = pod.spec.containers.map((container) => ({ ...container, env }));
  return { ...pod, metadata: { ...pod.metadata, labels }, spec: { ...pod.spec, containers } };
}
