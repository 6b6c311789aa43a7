/** A pod of the app's label with one container that waits. */
export function smallPod(namespace: string, name: string) {
  const container = {
    name: "app",
    image: "healthpolicy/test-client:dev",
    imagePullPolicy: "Never",
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
  };
  const securityContext = { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, labels: { app: "web" } },
    spec: { securityContext, terminationGracePeriodSeconds: 0, containers: [container] },
  };
}

/** The same for no node of the cluster: enough to see what admission made of it. */
export function unscheduledPod(namespace: string, name: string) {
  const pod = smallPod(namespace, name);
  const nodeSelector = { "healthpolicy.dev/no-such-node": "true" };
  return { ...pod, spec: { ...pod.spec, nodeSelector } };
}

/** A plain pod `client` that no policy of an example selects, to make raw connects and visits from. */
export function clientPod(namespace: string) {
  const pod = smallPod(namespace, "client");
  return { ...pod, metadata: { ...pod.metadata, labels: { app: "client" } } };
}
