/** What an installation decides, for tests. */
import type { InjectSettings } from "../settings.ts";

export const SETTINGS: InjectSettings = {
  image: "registry.example/healthpolicy-sidecar:1.0.0",
  imagePullPolicy: "IfNotPresent",
  resources: {
    requests: { cpu: "5m", memory: "32Mi" },
    limits: { cpu: "100m", memory: "64Mi" },
  },
};
