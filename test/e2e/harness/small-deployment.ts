import { smallPod } from "./small-pod.ts";

/** A Deployment of pods of the app's label. */
export function smallDeployment(namespace: string, name: string, replicas: number) {
  const { spec } = smallPod(namespace, name);
  const labels = { app: "web", deployment: name };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec },
    },
  };
}
