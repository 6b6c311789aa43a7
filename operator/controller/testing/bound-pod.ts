/** For tests of the leader: a pod of the policy `web`, as the API server gives it. */

const NO_TURN = { waiting: { reason: "PodInitializing" } };

/** A pod with our container, which is in this state, and one of the app, which is in that. */
export function boundPod(state: object, resourceVersion = "9", app: object = NO_TURN): object {
  const annotations = { "healthpolicy.dev/policy": "web", "healthpolicy.dev/revision": "r" };
  const metadata = {
    namespace: "shop",
    name: "web-1",
    uid: "uid-of-web-1",
    labels: { app: "web" },
  };
  const env = [{ name: "HEALTHPOLICY_PORT", value: "19847" }];
  const container = { name: "healthpolicy-sidecar", image: "sidecar:1", env };
  const started = "running" in state;
  return {
    metadata: { ...metadata, annotations, resourceVersion },
    spec: { restartPolicy: "Always", initContainers: [container] },
    status: {
      phase: "Pending",
      initContainerStatuses: [{ name: container.name, started, state }],
      containerStatuses: [{ name: "web", state: app }],
    },
  };
}
