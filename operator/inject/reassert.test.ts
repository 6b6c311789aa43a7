/** What a later call takes back from our container, whoever put it there. Goldens show what it keeps. */
import { describe, expect, test } from "@jest/globals";
import { SERVICE_ACCOUNT_PATH } from "../api/names.ts";
import { testPolicy } from "../api/testing/policy.ts";
import { inject } from "./inject.ts";
import type { Container, Pod, Volume } from "./pod.ts";
import { serviceAccountPlugin } from "./testing/service-account-plugin.ts";
import { SETTINGS } from "./testing/settings.ts";

const POLICY = testPolicy();
const PLAIN: Pod = serviceAccountPlugin({
  spec: { containers: [{ name: "app", image: "registry.example/app:1" }] },
});

function injected(pod: Pod): Pod {
  const injection = inject(pod, POLICY, SETTINGS);
  if ("skip" in injection) throw new Error(injection.skip.message);
  return injection.pod;
}

const FIRST = injected(PLAIN);
const [SIDECAR = {}] = FIRST.spec?.initContainers ?? [];

/** Our container after a later call, when it stood there with `change`. */
function afterLaterCall(change: Container): Container {
  const initContainers = [{ ...SIDECAR, ...change }];
  const pod = injected({ ...FIRST, spec: { ...FIRST.spec, initContainers } });
  return pod.spec?.initContainers?.[0] ?? {};
}

describe("a later call takes back", () => {
  test.each<[string, Container]>([
    ["command", { command: ["sh"] }],
    ["args", { args: ["-c", "env"] }],
    ["workingDir", { workingDir: "/tmp" }],
    ["envFrom", { envFrom: [{ secretRef: { name: "orders-db" } }] }],
    ["lifecycle", { lifecycle: { postStart: { exec: { command: ["sh"] } } } }],
    ["startupProbe", { startupProbe: { httpGet: { path: "/", port: 1 } } }],
    ["restartPolicyRules", { restartPolicyRules: [{ action: "RestartAllContainers" }] }],
    ["volumeDevices", { volumeDevices: [{ name: "disk", devicePath: "/dev/sda" }] }],
    ["restartPolicy", { restartPolicy: "OnFailure" }],
    ["another version of the image", { image: "registry.example/healthpolicy-sidecar:0.9.0" }],
    ["ports", { ports: [{ containerPort: 19_847, hostPort: 80 }] }],
    [
      "the readiness probe's times",
      { readinessProbe: { ...SIDECAR.readinessProbe, periodSeconds: 60 } },
    ],
    ["a readiness probe of another kind", { readinessProbe: { exec: { command: ["true"] } } }],
    [
      "its own variables",
      { env: [{ name: "HEALTHPOLICY_MOUNTED_KEYS", value: "bank/key" }, ...(SIDECAR.env ?? [])] },
    ],
    [
      "variables that move its files",
      { env: [...(SIDECAR.env ?? []), { name: "HEALTHPOLICY_CONFIG_PATH" }] },
    ],
    [
      "agents in the process",
      { env: [...(SIDECAR.env ?? []), { name: "NODE_OPTIONS", value: "-r /x" }] },
    ],
    [
      "a folder of compiled code, which may be another program's",
      { env: [...(SIDECAR.env ?? []), { name: "NODE_COMPILE_CACHE", value: "/v" }] },
    ],
    [
      "libraries in the process",
      { env: [...(SIDECAR.env ?? []), { name: "LD_PRELOAD", value: "/x" }] },
    ],
    [
      "another place to find the program in",
      { env: [...(SIDECAR.env ?? []), { name: "PATH", value: "/v" }] },
    ],
    [
      "a configuration of OpenSSL, which names libraries to load",
      { env: [...(SIDECAR.env ?? []), { name: "OPENSSL_CONF", value: "/v/openssl.cnf" }] },
    ],
    ...["UV_THREADPOOL_SIZE", "UV_USE_IO_URING", "GLIBC_TUNABLES", "MALLOC_ARENA_MAX"].map(
      (name): [string, Container] => [
        `${name}, which changes how much memory or how many threads the program takes`,
        { env: [...(SIDECAR.env ?? []), { name, value: "1" }] },
      ],
    ),
    ...[
      "/",
      "/usr",
      "/usr/bin",
      "/usr/bin/node",
      "/lib",
      "/lib/x86_64-linux-gnu",
      "/lib64/ld-linux-x86-64.so.2",
      "/usr/lib",
      "/sidecar.cjs",
      "/x/../sidecar.cjs",
      "/etc",
      "/etc/ld.so.preload",
      "/etc/ld.so.cache",
      "/etc/ssl",
      "/etc/ssl/openssl.cnf",
    ].map((mountPath): [string, Container] => [
      `a mount of others over ${mountPath}, from where the program is loaded`,
      { volumeMounts: [{ name: "x", mountPath }] },
    ]),
    ["no mounts", { volumeMounts: [] }],
    ["our volume elsewhere", { volumeMounts: [{ name: "healthpolicy-state", mountPath: "/tmp" }] }],
    ["a mount over the policy", { volumeMounts: [{ name: "x", mountPath: "/etc/healthpolicy/" }] }],
    [
      "a mount in the policy",
      { volumeMounts: [{ name: "x", mountPath: "/etc//./healthpolicy/secrets" }] },
    ],
    [
      "a mount that gets into the policy by a detour",
      { volumeMounts: [{ name: "x", mountPath: "/etc/x/../healthpolicy" }] },
    ],
    [
      "a mount that gets into the policy from above the root",
      { volumeMounts: [{ name: "x", mountPath: "/../etc/healthpolicy" }] },
    ],
    [
      "a mount in the marks",
      { volumeMounts: [{ name: "x", mountPath: "/var/lib/healthpolicy/marks" }] },
    ],
    [
      "a mount in the place of tokens",
      { volumeMounts: [{ name: "x", mountPath: `${SERVICE_ACCOUNT_PATH}/token` }] },
    ],
    ["no resources", { resources: {} }],
    ["no variables", { env: [] }],
  ])("%s", (_, change) => {
    expect(afterLaterCall(change)).toStrictEqual(SIDECAR);
  });

  test.each(["env", "ports", "readinessProbe", "livenessProbe", "volumeMounts"])(
    "no %s",
    (gone) => {
      const { [gone]: _, ...initContainer } = SIDECAR;
      const spec = { ...FIRST.spec, initContainers: [initContainer] };
      expect(injected({ ...FIRST, spec }).spec?.initContainers).toStrictEqual([SIDECAR]);
    },
  );
});

test("what others decided about resources stays, and ours fills in what they left out", () => {
  const resources = { limits: { cpu: "8", "ephemeral-storage": "1Gi" }, claims: [{ name: "gpu" }] };
  expect(afterLaterCall({ resources }).resources).toStrictEqual({
    ...resources,
    requests: { memory: "32Mi" },
    limits: { ...resources.limits, memory: "64Mi" },
  });
});

test.each([
  "/etc/healthpolicy-of-others",
  "/etc/ssl/certs",
  "/usr/local/share/ca-certificates",
  "/usr/share/zoneinfo",
  "/library",
  "/var/run/secrets/eks.amazonaws.com/serviceaccount",
])("a mount of others on %s stays", (mountPath) => {
  const beside = { name: "x", mountPath, mountPropagation: "HostToContainer" };
  const { volumeMounts = [] } = afterLaterCall({ volumeMounts: [beside] });
  expect(volumeMounts).toStrictEqual([...(SIDECAR.volumeMounts ?? []), beside]);
});

test("a mount that only privileged containers may have becomes an ordinary one, as ours is not privileged", () => {
  const mount = { name: "x", mountPath: "/x", mountPropagation: "Bidirectional" };
  const { volumeMounts = [] } = afterLaterCall({
    securityContext: { privileged: true },
    volumeMounts: [mount],
  });
  expect(volumeMounts.at(-1)).toStrictEqual({ name: "x", mountPath: "/x" });
});

test("authorities that others name for every container stay", () => {
  const authorities = { name: "NODE_EXTRA_CA_CERTS", value: "/etc/ssl/certs/company.crt" };
  const { env = [] } = afterLaterCall({ env: [...(SIDECAR.env ?? []), authorities] });
  expect(env).toStrictEqual([...(SIDECAR.env ?? []), authorities]);
});

describe("a volume of our name becomes ours again", () => {
  const ours = new Map(FIRST.spec?.volumes?.map((volume) => [volume.name, volume]));
  test.each<[string, Volume]>([
    ["from a folder of the node", { name: "healthpolicy-state", hostPath: { path: "/" } }],
    ["from the node's disk", { name: "healthpolicy-state", emptyDir: { sizeLimit: "1Mi" } }],
    ["from huge pages", { name: "healthpolicy-state", emptyDir: { medium: "HugePages" } }],
    ["from other content", { name: "healthpolicy-config", configMap: { name: "x" } }],
    [
      "from a token",
      {
        name: "healthpolicy-no-token",
        projected: { sources: [{ serviceAccountToken: { path: "t" } }] },
      },
    ],
    [
      "from another source",
      { name: "healthpolicy-config", projected: { sources: [{ secret: { name: "other" } }] } },
    ],
  ])("%s", (_, volume) => {
    const volumes = (FIRST.spec?.volumes ?? []).map((own) =>
      own.name === volume.name ? volume : own,
    );
    const again = injected({ ...FIRST, spec: { ...FIRST.spec, volumes } });
    expect(again.spec?.volumes?.find(({ name }) => name === volume.name)).toStrictEqual(
      ours.get(volume.name),
    );
  });
});
