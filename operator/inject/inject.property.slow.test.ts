/** What injection may change, over a thousand pods that nobody wrote. */
import { expect, test } from "@jest/globals";
import {
  CONFIG_VOLUME,
  MOUNTED_KEYS_ENV,
  NO_TOKEN_VOLUME,
  PORT_ENV,
  SIDECAR_CONTAINER,
  SIDECAR_PORT,
  STATE_VOLUME,
} from "../api/names.ts";
import { testPolicy } from "../api/testing/policy.ts";
import { inject } from "./inject.ts";
import type { Pod } from "./pod.ts";
import { deepFreeze } from "./testing/deep-freeze.ts";
import { ours, withoutOurs, withPodResources } from "./testing/injected-pod.ts";
import { randomLaterCall, randomTokenChange } from "./testing/random-later-call.ts";
import { randomPod } from "./testing/random-pod.ts";
import { serviceAccountPlugin, TOKEN_VOLUME } from "./testing/service-account-plugin.ts";
import { SETTINGS } from "./testing/settings.ts";
import { OUR_VOLUMES } from "./volume.ts";

const PODS = 1_000;
const POLICY = deepFreeze(testPolicy());
/** What a sidecar mounts whose pod gets no token. */
const ALWAYS_MOUNTED = [CONFIG_VOLUME, STATE_VOLUME];
const OUR_VARIABLES = [PORT_ENV, MOUNTED_KEYS_ENV];
/** Whether the text of any other container says this port. */
function saysPort(pod: Pod, port: number): boolean {
  const others = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])].filter(
    ({ name }) => name !== SIDECAR_CONTAINER,
  );
  return JSON.stringify(others).includes(`ort":${port}`);
}

function repeated(items: readonly { name?: string }[]): (string | undefined)[] {
  const names = items.map(({ name }) => name);
  return names.filter((name, index) => names.indexOf(name) !== index);
}

/** The volumes that our container mounts. */
function mountedBy(pod: Pod): (string | undefined)[] {
  return ours(pod).flatMap(({ volumeMounts = [] }) => volumeMounts.map(({ name }) => name));
}

interface Injected {
  seed: number;
  /** Whether the pod's account has tokens mounted. */
  automount: boolean;
  before: Pod;
  after: Pod;
}

const injected: Injected[] = [];
const skipped = new Map<string, number>();
for (let seed = 0; seed < PODS; seed++) {
  const automount = seed % 2 === 0;
  const before = deepFreeze(serviceAccountPlugin(randomPod(seed), automount));
  const injection = inject(before, POLICY, SETTINGS);
  if ("pod" in injection) injected.push({ seed, automount, before, after: injection.pod });
  else skipped.set(injection.skip.reason, (skipped.get(injection.skip.reason) ?? 0) + 1);
}

test("most of the pods are injected, and several rules object to others", () => {
  expect(injected.length).toBeGreaterThan(PODS / 2);
  expect(skipped.size).toBeGreaterThanOrEqual(5);
  expect(injected.some(({ before }) => ours(before).length > 0)).toBe(true);
});

test("only our container, our volumes, our annotations and amounts of the pod as a whole differ", () => {
  let grown = 0;
  for (const { seed, before, after } of injected) {
    const expected = withPodResources(before, after);
    if (expected.spec?.resources !== before.spec?.resources) grown++;
    expect({ seed, pod: withoutOurs(after) }).toStrictEqual({ seed, pod: withoutOurs(expected) });
  }
  expect(grown).toBeGreaterThan(0);
});

/** Fields that a container of ours may have; random pods have unknown ones beside them. */
const FIELDS = [
  "env",
  "image",
  "imagePullPolicy",
  "livenessProbe",
  "name",
  "ports",
  "readinessProbe",
  "resources",
  "restartPolicy",
  "securityContext",
  "terminationMessagePath",
  "terminationMessagePolicy",
  "volumeMounts",
];

test("the injected container is the configured one, whatever the pod says", () => {
  for (const { seed, automount, after } of injected) {
    const [own = {}] = ours(after);
    const { env = [], ports = [], securityContext, ...rest } = own;
    expect({ seed, rest, securityContext }).toMatchObject({
      seed,
      rest: { image: SETTINGS.image, restartPolicy: "Always" },
      securityContext: { runAsNonRoot: true, allowPrivilegeEscalation: false },
    });
    expect(securityContext?.capabilities).toStrictEqual({ drop: ["ALL"] });
    expect(securityContext).not.toHaveProperty("privileged");
    expect(securityContext?.runAsUser).not.toBe(0);
    const fields = Object.keys(own).filter((field) => !field.startsWith("x-"));
    expect({ seed, fields: fields.sort() }).toStrictEqual({ seed, fields: FIELDS });
    expect(env.map(({ name }) => name)).toStrictEqual(OUR_VARIABLES);
    const mounted = [...ALWAYS_MOUNTED, ...(automount ? [NO_TOKEN_VOLUME] : [])];
    expect(mountedBy(after)).toStrictEqual(mounted);
    expect(ports.map(({ hostPort }) => hostPort)).toStrictEqual([undefined]);
  }
});

/** To whom the kubelet gives what it projects: Kubernetes' FsUserFrom (pkg/volume/util/util.go). */
function fsUserOf({ spec = {} }: Pod): number | undefined {
  const users = [...(spec.initContainers ?? []), ...(spec.containers ?? [])].map(
    ({ securityContext: own }) => own?.runAsUser ?? spec.securityContext?.runAsUser,
  );
  return new Set(users).size === 1 ? users[0] : undefined;
}

/** Whether another user may be the sidecar's: where processes are shared and all may read the token there may be. */
function isExcepted({ spec = {} }: Pod): boolean {
  const modes = spec.volumes?.map(({ projected }) => projected?.defaultMode) ?? [];
  return Boolean(spec.shareProcessNamespace) && !modes.includes(0o400);
}

test("the kubelet gives tokens to whom it gave them, but root's, and where processes are shared what all may read", () => {
  const kept = injected.filter(({ before }) => fsUserOf(before) && !isExcepted(before));
  for (const { seed, before, after } of kept) {
    expect({ seed, user: fsUserOf(after) }).toStrictEqual({ seed, user: fsUserOf(before) });
  }
  const users = kept.map(({ before }) => before.spec?.securityContext?.runAsUser);
  expect(users.filter((user) => user !== 1_000).length).toBeGreaterThan(PODS / 20);
  expect(kept.some(({ before }) => before.spec?.shareProcessNamespace)).toBe(true);
});

test("its port is one that no other container names, and its port's name too", () => {
  const ports = new Set<number>();
  for (const { seed, after } of injected) {
    const [entry] = ours(after)[0]?.ports ?? [];
    const port = entry?.containerPort ?? 0;
    ports.add(port);
    expect({ seed, taken: saysPort(after, port) }).toStrictEqual({ seed, taken: false });
    const named = (after.spec?.containers ?? []).flatMap(({ ports: list }) => list ?? []);
    const taken = entry?.name !== undefined && named.some(({ name }) => name === entry.name);
    expect({ seed, taken }).toStrictEqual({ seed, taken: false });
  }
  expect(ports.size).toBeGreaterThan(2);
  expect(Math.min(...ports)).toBe(SIDECAR_PORT);
});

test("no name of a container or volume is used twice", () => {
  for (const { seed, after } of injected) {
    const { containers = [], initContainers = [], volumes = [] } = after.spec ?? {};
    const twice = [...repeated([...containers, ...initContainers]), ...repeated(volumes)];
    expect({ seed, twice }).toStrictEqual({ seed, twice: [] });
  }
});

test("a second call changes nothing", () => {
  for (const { seed, after } of injected) {
    expect({ seed, ...inject(deepFreeze(after), POLICY, SETTINGS) }).toStrictEqual({
      seed,
      pod: after,
    });
  }
});

test("what others changed after a first call survives every later one", () => {
  for (const { seed, after } of injected) {
    const pod = deepFreeze(randomLaterCall(after, seed));
    const second = inject(pod, POLICY, SETTINGS);
    expect({ seed, ...second }).toStrictEqual({ seed, pod });
  }
});

test("no token stays in the sidecar, and none can come, however others turn tokens on and off between calls", () => {
  let taken = 0;
  for (const { seed, automount, after } of injected) {
    const changed = randomTokenChange(after, seed);
    const later = deepFreeze(serviceAccountPlugin(changed, automount));
    const { pod = {} } = inject(later, POLICY, SETTINGS) as { pod?: Pod };
    const asked = changed.spec?.automountServiceAccountToken;
    const names = [...ALWAYS_MOUNTED, ...((asked ?? automount) ? [NO_TOKEN_VOLUME] : [])];
    expect({ seed, names: mountedBy(pod) }).toStrictEqual({ seed, names });
    const volumes = (pod.spec?.volumes ?? []).filter(({ name = "" }) => OUR_VOLUMES.has(name));
    expect({ seed, names: volumes.map(({ name }) => name).sort() }).toStrictEqual({
      seed,
      names: names.sort(),
    });
    if (mountedBy(later).some((name) => name === TOKEN_VOLUME.name)) taken++;
  }
  expect(taken).toBeGreaterThan(PODS / 20);
});

test("a later call that finds a kind of pod that gets no sidecar leaves nothing of ours", () => {
  for (const { seed, before, after } of injected) {
    const spec = { hostNetwork: true };
    const later = deepFreeze({ ...after, spec: { ...after.spec, ...spec } });
    const { cleared = {} } = inject(later, POLICY, SETTINGS) as { cleared?: Pod };
    const filled = withPodResources(before, after);
    const expected = withoutOurs({ ...filled, spec: { ...filled.spec, ...spec } });
    expect({ seed, pod: withoutOurs(cleared) }).toStrictEqual({ seed, pod: expected });
    expect({ seed, left: [...ours(cleared), ...(cleared.spec?.volumes ?? [])] }).toStrictEqual({
      seed,
      left: expected.spec?.volumes,
    });
  }
});
