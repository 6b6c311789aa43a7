/** Where the sidecar has an empty volume at the path of tokens, and where nothing, as no one mounts a token there. */
import { describe, expect, test } from "@jest/globals";
import { NO_TOKEN_VOLUME, SERVICE_ACCOUNT_PATH, STATE_VOLUME } from "../api/names.ts";
import { testPolicy } from "../api/testing/policy.ts";
import { inject } from "./inject.ts";
import type { Container, Pod, PodSpec } from "./pod.ts";
import { deepFreeze } from "./testing/deep-freeze.ts";
import { ours } from "./testing/injected-pod.ts";
import { serviceAccountPlugin, TOKEN_VOLUME } from "./testing/service-account-plugin.ts";
import { SETTINGS } from "./testing/settings.ts";

const APP: Container = { name: "app", image: "registry.example/app:1" };
const PLAIN: Pod = { spec: { containers: [APP] } };
const PROXY: Container = { name: "late-proxy", image: "registry.example/proxy:1" };

function injected(pod: Pod): Pod {
  const injection = inject(deepFreeze(pod), testPolicy(), SETTINGS);
  if ("skip" in injection) throw new Error(injection.skip.message);
  return injection.pod;
}

const withSpec = (pod: Pod, spec: PodSpec): Pod => ({ ...pod, spec: { ...pod.spec, ...spec } });

/** The volumes that our container mounts at the path of tokens. */
function atTokenPath(pod: Pod): (string | undefined)[] {
  const mounts = ours(pod).flatMap(({ volumeMounts = [] }) => volumeMounts);
  return mounts.filter(({ mountPath }) => mountPath === SERVICE_ACCOUNT_PATH).map((at) => at.name);
}

function volumesOf({ spec }: Pod): (string | undefined)[] {
  return (spec?.volumes ?? []).map(({ name }) => name);
}

function expectEmptyVolume(pod: Pod): void {
  expect(atTokenPath(pod)).toStrictEqual([NO_TOKEN_VOLUME]);
  expect(volumesOf(pod).filter((name) => name === NO_TOKEN_VOLUME)).toHaveLength(1);
}

function expectNothing(pod: Pod): void {
  expect(atTokenPath(pod)).toStrictEqual([]);
  expect(volumesOf(pod)).not.toContain(NO_TOKEN_VOLUME);
  expect(volumesOf(pod)).toContain(STATE_VOLUME);
}

const mounting = (mountPath: string): Container => ({
  ...APP,
  volumeMounts: [{ name: "own", mountPath }],
});

describe("in a first call there is an empty volume where", () => {
  test.each<[string, Pod]>([
    ["the plugin has mounted a token", serviceAccountPlugin(PLAIN)],
    [
      "a webhook has brought a container without a token since",
      withSpec(serviceAccountPlugin(PLAIN), {
        containers: [PROXY, ...(serviceAccountPlugin(PLAIN).spec?.containers ?? [])],
      }),
    ],
    [
      "an init container alone has a mount",
      { spec: { containers: [APP], initContainers: [mounting(SERVICE_ACCOUNT_PATH)] } },
    ],
    [
      "the app mounts what it likes there, as the plugin's mounts look the same",
      { spec: { containers: [mounting(SERVICE_ACCOUNT_PATH)] } },
    ],
    [
      "the pod asks for a token",
      serviceAccountPlugin(withSpec(PLAIN, { automountServiceAccountToken: true }), false),
    ],
  ])("%s", (_, pod) => {
    expectEmptyVolume(injected(pod));
    expectEmptyVolume(injected(serviceAccountPlugin(injected(pod))));
  });
});

describe("in a first call there is nothing where", () => {
  test.each<[string, Pod]>([
    ["the account wants no token mounted", serviceAccountPlugin(PLAIN, false)],
    ["the pod wants none", withSpec(PLAIN, { automountServiceAccountToken: false })],
    [
      "the pod wants none, though a container mounts one of its own",
      {
        spec: {
          automountServiceAccountToken: false,
          containers: [mounting(SERVICE_ACCOUNT_PATH)],
        },
      },
    ],
    [
      "the app mounts something elsewhere",
      { spec: { containers: [mounting(`${SERVICE_ACCOUNT_PATH}/deeper`)] } },
    ],
  ])("%s", (_, pod) => {
    expectNothing(injected(pod));
    expectNothing(injected(serviceAccountPlugin(injected(pod), false)));
  });
});

describe("a later call", () => {
  const first = injected(PLAIN);

  test("puts an empty volume in the place of a token that the plugin has mounted since", () => {
    const later = serviceAccountPlugin(first);
    expect(atTokenPath(later)).toStrictEqual([TOKEN_VOLUME.name]);
    expectEmptyVolume(injected(later));
  });

  test("takes a token out that nobody else in the pod has by then", () => {
    expectNothing(injected(withSpec(serviceAccountPlugin(first), { containers: [APP] })));
  });

  test("takes out what others mounted there of their own, the plugin or not", () => {
    const [sidecar = {}] = ours(first);
    const mount = { name: "own", mountPath: `${SERVICE_ACCOUNT_PATH}/` };
    const volumeMounts = [...(sidecar.volumeMounts ?? []), mount];
    expect(
      ours(injected(withSpec(first, { initContainers: [{ ...sidecar, volumeMounts }] }))),
    ).toStrictEqual([sidecar]);
  });

  test("takes the empty volume out where others have turned tokens off", () => {
    const later = withSpec(injected(serviceAccountPlugin(PLAIN)), {
      automountServiceAccountToken: false,
    });
    expectNothing(injected(later));
  });

  test("leaves the empty volume where another container mounts it by then", () => {
    const agent = { ...PROXY, volumeMounts: [{ name: NO_TOKEN_VOLUME, mountPath: "/copied" }] };
    const later = withSpec(injected(serviceAccountPlugin(PLAIN)), {
      automountServiceAccountToken: false,
      containers: [APP, agent],
    });
    expect(atTokenPath(injected(later))).toStrictEqual([]);
    expect(volumesOf(injected(later))).toContain(NO_TOKEN_VOLUME);
  });
});
