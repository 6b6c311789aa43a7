import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, jest, test } from "@jest/globals";
import { parse } from "yaml";
import { CHART, HELM_TIMEOUT_MS, helm } from "./helm.ts";

// A slow machine may take seconds for one call of Helm.
jest.setTimeout(HELM_TIMEOUT_MS);

interface Schema {
  $ref?: string;
  type?: string | string[];
  properties?: Record<string, Schema>;
  additionalProperties?: boolean | Schema;
}

const read = (file: string) => readFileSync(join(CHART, file), "utf8");
const schema = JSON.parse(read("values.schema.json")) as Schema & { $defs: Record<string, Schema> };

/** Objects that are copied into Kubernetes objects: their fields are the API server's to know. */
const OPEN = [
  "global",
  "podSecurityContext",
  "securityContext",
  "affinity",
  "podMonitor.namespaceSelector",
  "podMonitor.selector",
];

function resolve(node: Schema): Schema {
  const name = node.$ref?.split("/").at(-1);
  return name === undefined ? node : (schema.$defs[name] ?? node);
}

/** Every object of the schema that has a fixed set of keys or any, by its path. */
function objects(node: Schema, path = ""): { path: string; node: Schema }[] {
  const { properties = {}, ...rest } = resolve(node);
  const inner = Object.entries(properties).flatMap(([key, child]) =>
    objects(child, path === "" ? key : `${path}.${key}`),
  );
  return rest.type === "object" ? [{ path, node: { ...rest, properties } }, ...inner] : inner;
}

const values = (text: string): string[] => text.split(" ").flatMap((one) => ["--set", one]);

describe("a value that is refused", () => {
  test.each([
    ["replicas=3", "at '': additional properties 'replicas' not allowed"],
    ["image.tagg=1", "at '/image': additional properties 'tagg' not allowed"],
    ["sidecar.limits.cpu=1", "at '/sidecar': additional properties 'limits' not allowed"],
    ["webhook.caBundle=x", "at '/webhook': additional properties 'caBundle' not allowed"],
    [
      "webhook.failurePolicy=Fail",
      "at '/webhook': additional properties 'failurePolicy' not allowed",
    ],
    [
      "webhook.timeoutSeconds=6",
      "at '/webhook/timeoutSeconds': value must be 'a whole number from 1 to 5: while the operator is away, every pod of a namespace with a policy waits this long to be created'",
    ],
    ["webhook.timeoutSeconds=0", "a whole number from 1 to 5"],
    ["webhook.timeoutSeconds=2.5", "a whole number from 1 to 5"],
    ["webhook.timeoutSeconds=null", "missing property 'timeoutSeconds'"],
    ["webhook.port=443", "at '/webhook/port': minimum: got 443, want 1,024"],
    ["webhook.port=65536", "at '/webhook/port': maximum: got 65,536, want 65,535"],
    ["management.port=80", "at '/management/port': minimum: got 80, want 1,024"],
    ["management.port=9443", "management.port and webhook.port must differ"],
    ["rollout.evictionsPerMinute=601", "maximum: got 601, want 600"],
    ["hostNetwork=on", "at '/hostNetwork': got string, want boolean"],
    ["replicaCount=-1", "at '/replicaCount': minimum: got -1, want 0"],
    ["logLevel=loud", "at '/logLevel': value must be one of 'trace', 'debug', 'info'"],
    ["image.pullPolicy=Sometimes", "value must be one of 'Always', 'IfNotPresent', 'Never'"],
    ["image.digest=abc", "at '/image/digest': 'abc' does not match pattern"],
    [
      "sidecar.resources.limits.memory=64MB",
      "at '/sidecar/resources/limits/memory': '64MB' does not match",
    ],
    ["sidecar.resources.limits.cpu=null", "missing property 'cpu'"],
    [
      "podDisruptionBudget.minAvailable=1 podDisruptionBudget.maxUnavailable=1",
      "at '/podDisruptionBudget/maxUnavailable': value must be one of <nil>, 'unset, since minAvailable is set: a PodDisruptionBudget takes one of the two'",
    ],
    [
      "networkPolicy.ingress.webhook[0].cidr=10.0.0.0/8",
      "at '/networkPolicy/ingress/webhook/0': additional properties 'cidr' not allowed",
    ],
    ["networkPolicy.apiServerPorts={70000}", "maximum: got 70,000, want 65,535"],
    ["serviceMonitor.interval=often", "at '/serviceMonitor/interval': 'often' does not match"],
    ["podMonitor.sampleLimit=0", "at '/podMonitor/sampleLimit': minimum: got 0, want 1"],
    ["podMonitor.enable=true", "at '/podMonitor': additional properties 'enable' not allowed"],
    [
      "prometheusRule.runbooksUrl=https://x.example",
      "at '/prometheusRule/runbooksUrl': 'https://x",
    ],
  ])("%s", (set, sentence) => {
    const { ok, stderr } = helm("template", "x", ".", ...values(set));
    expect(stderr).toContain(sentence);
    expect(ok).toBe(false);
  });
});

test.each([
  "podDisruptionBudget.minAvailable=50%",
  "podDisruptionBudget.maxUnavailable=0",
  "webhook.timeoutSeconds=1",
  "replicaCount=0",
  "global.imageRegistry=x",
  "enabled=true",
])("%s is taken", (set) => {
  expect(helm("template", "x", ".", ...values(set)).stderr).toBe("");
});

test("no object takes a key that it does not know, but those that Kubernetes knows", () => {
  const open = objects(schema)
    .filter(({ node }) => node.additionalProperties === undefined)
    .map(({ path }) => path);
  expect(open).toStrictEqual(OPEN);
});

test("schema and defaults name the same values", () => {
  const defaults = parse(read("values.yaml")) as Record<string, unknown>;
  for (const { path, node } of objects(schema)) {
    if (node.additionalProperties !== false) continue;
    const keys = Object.keys(node.properties ?? {}).filter((key) => key !== "global");
    const found = path
      .split(".")
      .filter((key) => key !== "")
      .reduce((value, key) => value[key] as Record<string, unknown>, defaults);
    // Kubernetes has claims in resources; there is no default for it.
    const optional = path === "resources" ? ["claims"] : [];
    expect([path, [...Object.keys(found), ...optional].sort()]).toStrictEqual([path, keys.sort()]);
  }
});
