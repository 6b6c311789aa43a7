/** Random pods: ordinary fields, fields that no client knows, and text that tries to break out. */
import {
  INJECT_LABEL,
  POLICY_ANNOTATION,
  REVISION_ANNOTATION,
  SIDECAR_CONTAINER,
  SIDECAR_PORT,
  STATE_VOLUME,
} from "../../api/names.ts";
import type { Container, Pod, PodSpec, Resources, Volume } from "../pod.ts";
import { type Random, seededRandom } from "./random.ts";
import { SETTINGS } from "./settings.ts";

const NASTY_TEXTS = [
  "plain",
  "",
  "false",
  'x"}],"initContainers":[{"name":"evil"}',
  "line\n- name: healthpolicy-sidecar\n  image: evil\n",
  "tab\tnull\u0000bell\u0007",
  "{{ .Values.image }} $(IMAGE)",
  "~1~0/../",
  "\u2028\uD800 lone",
  "日本語 ✓",
];

/** Keys of annotations and labels, some of which try to set what only the installation may. */
const KEYS = [
  "app",
  "team",
  "a/b~c",
  "__proto__",
  "constructor",
  "healthpolicy.dev/image",
  "healthpolicy.dev/command",
  "healthpolicy.dev/sidecar-image",
];

/** Apart from the pods' own seeds. */
const USERS_SEED = 1_000_000;

type Fields = Record<string, unknown>;

/** Unlike an assignment, makes `__proto__` a key like any other, as JSON.parse does. */
function fromEntries(entries: [string, unknown][]): Fields {
  return Object.fromEntries(entries);
}

function texts(random: Random): Record<string, string> {
  const entries = random.list(4, (): [string, string] => [
    random.pick(KEYS),
    random.pick(NASTY_TEXTS),
  ]);
  return fromEntries(entries) as Record<string, string>;
}

function unknownValue(random: Random, depth = 0): unknown {
  if (depth > 2 || random.chance(0.5)) {
    return random.pick<unknown>([null, true, 0, 1.5, "", [], {}, ...NASTY_TEXTS]);
  }
  if (random.chance(0.5)) return random.list(3, () => unknownValue(random, depth + 1));
  return unknownFields(random, depth + 1);
}

function unknownFields(random: Random, depth = 0): Fields {
  return fromEntries(
    random.list(2, () => [`x-${random.below(5)}`, unknownValue(random, depth + 1)]),
  );
}

function port(random: Random): number {
  return random.chance(0.5) ? SIDECAR_PORT + random.below(4) : 1 + random.below(65_535);
}

function probe(random: Random) {
  return random.pick<Fields>([
    { httpGet: { path: "/", port: port(random) } },
    { httpGet: { path: "/", port: "http" } },
    { tcpSocket: { port: port(random) } },
    { grpc: { port: port(random) } },
    { exec: { command: ["true"] } },
  ]);
}

function resources(random: Random): Resources {
  const limits = { cpu: random.pick(["1", "1000m", "500m"]), memory: random.pick(["1Gi", "1G"]) };
  return random.pick([
    {},
    { limits },
    { limits, requests: { cpu: "100m", memory: "1024Mi" } },
    { requests: { cpu: "100m", memory: "64Mi" } },
  ]);
}

/** Of a pod as a whole; most are enough for its containers. */
function podResources(random: Random): Resources {
  const amounts = { cpu: random.pick(["9", "9000m"]), memory: random.pick(["9Gi", "9e9"]) };
  const less = { cpu: "4", memory: random.pick(["4Gi", "4096Mi"]) };
  return random.pick<Resources>([
    { requests: { cpu: "2" } },
    { limits: { cpu: "2", memory: "2Gi" } },
    { requests: amounts },
    { limits: amounts },
    { limits: amounts, requests: amounts },
    { limits: amounts, requests: less },
    { limits: { memory: "9Gi" } },
    { limits: { cpu: "0", "hugepages-2Mi": "4Mi" } },
    {},
  ]);
}

function container(random: Random, name: string): Container {
  return {
    name,
    image: `registry.example/${name}:${random.below(9)}`,
    ...unknownFields(random),
    ...(random.chance(0.5) && {
      ports: random.list(3, () => ({
        containerPort: port(random),
        ...(random.chance(0.3) && { name: random.pick(["http", "healthpolicy"]) }),
      })),
    }),
    ...(random.chance(0.4) && { readinessProbe: probe(random) }),
    ...(random.chance(0.3) && { livenessProbe: probe(random) }),
    ...(random.chance(0.2) && { startupProbe: probe(random) }),
    ...(random.chance(0.8) && { resources: resources(random) }),
  };
}

function volume(random: Random, index: number): Volume {
  return { name: `volume-${index}`, ...unknownFields(random) };
}

/** What somebody may write into a container by hand to run something else in it, or with more rights. */
const HOSTILE: readonly Container[] = [
  { command: ["sh", "-c", "env"] },
  { args: ["--require", "/tmp/x"] },
  { envFrom: [{ secretRef: { name: "orders-db" } }] },
  { lifecycle: { postStart: { exec: { command: ["sh"] } } } },
  {
    env: [
      { name: "NODE_OPTIONS", value: "-r /x" },
      { name: "HEALTHPOLICY_CONFIG_PATH", value: "/x" },
    ],
  },
  {
    env: [
      { name: "HEALTHPOLICY_PORT", value: "1" },
      { name: "HEALTHPOLICY_PORT", value: "2" },
    ],
  },
  { volumeMounts: [{ name: "volume-0", mountPath: "/etc/healthpolicy/secrets" }] },
  { securityContext: { privileged: true, runAsUser: 0, capabilities: { add: ["SYS_ADMIN"] } } },
  { securityContext: { allowPrivilegeEscalation: true, seccompProfile: { type: "Unconfined" } } },
  { ports: [{ containerPort: 80, hostPort: 80 }] },
  { restartPolicy: "OnFailure", restartPolicyRules: [{ action: "RestartAllContainers" }] },
];

/** A container that looks like ours: by an earlier call, by hand, or of somebody else. */
function lookalike(random: Random): Container {
  return {
    ...container(random, SIDECAR_CONTAINER),
    ...(random.chance(0.7) && { image: SETTINGS.image }),
    ...Object.assign({}, ...random.list(4, () => random.pick(HOSTILE))),
  };
}

function insertLookalike(random: Random, list: readonly Container[] = []): Container[] {
  return list.toSpliced(random.below(list.length + 1), 0, lookalike(random));
}

function spec(random: Random): PodSpec {
  const made: PodSpec = {
    ...unknownFields(random),
    containers: [container(random, "app"), ...random.list(2, (i) => container(random, `app-${i}`))],
    ...(random.chance(0.5) && {
      initContainers: random.list(3, (i) => container(random, `init-${i}`)),
    }),
    ...(random.chance(0.6) && { volumes: random.list(3, (i) => volume(random, i)) }),
    ...(random.chance(0.5) && { restartPolicy: random.chance(0.9) ? "Always" : "Never" }),
    ...(random.chance(0.05) && { hostNetwork: true }),
    ...(random.chance(0.05) && { os: { name: random.pick(["linux", "windows"]) } }),
    ...(random.chance(0.3) && { resources: podResources(random) }),
  };
  if (random.chance(0.3)) made.initContainers = insertLookalike(random, made.initContainers);
  if (random.chance(0.1)) made.volumes = [...(made.volumes ?? []), { name: STATE_VOLUME }];
  return made;
}

/** Who runs the containers: often all one user, whom the pod may name or name another. */
function withUsers(made: PodSpec, random: Random): PodSpec {
  const users = random.pick([[], [0], [1_000], [1_000], [1_000, undefined], [1_000, 2_000]]);
  const ofPod = random.pick([undefined, undefined, 0, 1_000, 2_000]);
  const run = (container: Container): Container => {
    const runAsUser = users.length > 0 ? random.pick<number | undefined>(users) : undefined;
    if (runAsUser === undefined || container.name === SIDECAR_CONTAINER) return container;
    return { ...container, securityContext: { runAsUser } };
  };
  const { containers = [], initContainers } = made;
  return {
    ...made,
    ...(ofPod !== undefined && { securityContext: { runAsUser: ofPod } }),
    containers: containers.map(run),
    ...(initContainers && { initContainers: initContainers.map(run) }),
  };
}

/** Processes that the containers share, and a token of the pod's, which may be hidden from others. */
function withToken(made: PodSpec, random: Random): PodSpec {
  const sources = [{ serviceAccountToken: { path: "token" } }];
  const token = { name: "token", projected: { defaultMode: random.pick([0o400, 0o644]), sources } };
  return {
    ...made,
    ...(random.chance(0.3) && { shareProcessNamespace: true }),
    ...(random.chance(0.3) && { volumes: [...(made.volumes ?? []), token] }),
  };
}

/** Pod number `seed`; the same each time. */
export function randomPod(seed: number): Pod {
  const random = seededRandom(seed);
  const ofUsers = seededRandom(seed + USERS_SEED);
  return {
    ...unknownFields(random),
    metadata: {
      ...unknownFields(random),
      ...(random.chance(0.8) && { labels: texts(random) }),
      ...(random.chance(0.05) && { labels: { [INJECT_LABEL]: random.pick(NASTY_TEXTS) } }),
      ...(random.chance(0.6) && { annotations: texts(random) }),
      ...(random.chance(0.1) && {
        annotations: { [POLICY_ANNOTATION]: "other", [REVISION_ANNOTATION]: "by hand" },
      }),
    },
    spec: withToken(withUsers(spec(random), ofUsers), ofUsers),
  };
}
