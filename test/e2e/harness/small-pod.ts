/** A pod that never leaves the scheduler: enough to see what admission made of it. */
export function unscheduledPod(namespace: string, name: string) {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, labels: { app: "web" } },
    spec: {
      nodeSelector: { "healthpolicy.dev/no-such-node": "true" },
      containers: [{ name: "app", image: "healthpolicy/test-client:dev" }],
    },
  };
}
