/** What in-tree plugins and other webhooks do to an injected pod between two calls of ours. */
import { SERVICE_ACCOUNT_PATH, SIDECAR_CONTAINER } from "../../api/names.ts";
import type { Container, Pod, Resources, Volume } from "../pod.ts";
import { type Random, seededRandom } from "./random.ts";
import { SETTINGS } from "./settings.ts";

type Change = (container: Container, random: Random) => Container;

function withQuantity(container: Container, name: string): Resources {
  const { requests, limits } = container.resources ?? {};
  return { requests: { ...requests, [name]: "64Mi" }, limits: { ...limits, [name]: "128Mi" } };
}

/** Each of them is refused or harmful when it is undone. */
const CHANGES: readonly Change[] = [
  (c) => ({ ...c, imagePullPolicy: "Always" }),
  (c) => ({ ...c, resources: withQuantity(c, "ephemeral-storage") }),
  (c) => ({ ...c, resources: { ...c.resources, limits: { cpu: "50m", memory: "48Mi" } } }),
  (c) => ({ ...c, image: SETTINGS.image.replace("registry.example", "mirror.corp:5000/proxy") }),
  (c) => ({ ...c, image: SETTINGS.image.replace(/:[^:]*$/, `@sha256:${"ab".repeat(32)}`) }),
  (c, random) => ({
    ...c,
    env: [...(c.env ?? []), { name: `AWS_${random.below(3)}`, value: "x" }, { name: "VAULT_ADDR" }],
  }),
  (c) => ({ ...c, volumeMounts: [...(c.volumeMounts ?? []), { name: "t", mountPath: "/var/t" }] }),
  (c) => ({ ...c, securityContext: { ...c.securityContext, runAsUser: 1_000_680_000 } }),
  (c) => ({ ...c, securityContext: { ...c.securityContext, seLinuxOptions: { level: "s0:c1" } } }),
  (c) => ({ ...c, terminationMessagePolicy: "File" }),
  (c, random) => ({ ...c, [`x-${random.below(5)}`]: { unknown: [1, null, "two"] } }),
];

function changed(container: Container, random: Random): Container {
  return random
    .list(4, () => random.pick(CHANGES))
    .reduce((before, change) => change(before, random), container);
}

/** The same pod with random changes by others in our container and beside it. */
export function randomLaterCall(pod: Pod, seed: number): Pod {
  const random = seededRandom(seed);
  const volumes: readonly Volume[] = pod.spec?.volumes ?? [];
  const late: Container = { name: "late-proxy", image: "registry.example/proxy:1" };
  const initContainers = (pod.spec?.initContainers ?? []).map((container) =>
    container.name === SIDECAR_CONTAINER ? changed(container, random) : container,
  );
  return {
    ...pod,
    metadata: { ...pod.metadata, annotations: { ...pod.metadata?.annotations, "late/seen": "1" } },
    spec: {
      ...pod.spec,
      volumes: random.chance(0.5) ? [{ name: "t", emptyDir: {} }, ...volumes] : [...volumes],
      initContainers: random.chance(0.5) ? [late, ...initContainers] : [...initContainers, late],
    },
  };
}

function withoutTokens({ volumeMounts = [], ...container }: Container): Container {
  return {
    ...container,
    volumeMounts: volumeMounts.filter(({ mountPath }) => mountPath !== SERVICE_ACCOUNT_PATH),
  };
}

/** The same pod after a webhook that turns tokens on or off, takes out mounts of tokens, or brings a container. */
export function randomTokenChange(pod: Pod, seed: number): Pod {
  const random = seededRandom(seed);
  const { containers = [], initContainers = [], ...spec } = pod.spec ?? {};
  const stripped = random.chance(0.3) ? withoutTokens : (container: Container) => container;
  const late: Container = { name: "late-proxy", image: "registry.example/proxy:1" };
  return {
    ...pod,
    spec: {
      ...spec,
      ...(random.chance(0.6) && { automountServiceAccountToken: random.chance(0.5) }),
      containers: [...(random.chance(0.5) ? [late] : []), ...containers.map(stripped)],
      initContainers: initContainers.map(stripped),
    },
  };
}
