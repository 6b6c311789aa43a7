import { SECOND_NODE, SECOND_NODE_TAINT } from "./node.ts";

/** The pod, as one that runs on the cluster's second node. */
export function onSecondNode<P extends { spec: object }>(pod: P) {
  const there = {
    nodeSelector: { "kubernetes.io/hostname": SECOND_NODE },
    tolerations: [{ key: SECOND_NODE_TAINT, operator: "Exists" }],
  };
  return { ...pod, spec: { ...pod.spec, ...there } };
}
