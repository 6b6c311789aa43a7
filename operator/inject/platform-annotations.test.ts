/** What is written for meshes and credential webhooks, and that nothing of others is lost there. */
import { describe, expect, test } from "@jest/globals";
import {
  MAX_LIST_LENGTH,
  NAMESPACE_ANNOTATIONS,
  platformAnnotations,
} from "./platform-annotations.ts";
import type { Pod } from "./pod.ts";

const PORT = 19_847;
const SKIP_PORTS = "config.linkerd.io/skip-inbound-ports";
const EKS_SKIP = "eks.amazonaws.com/skip-containers";
const AZURE_SKIP = "azure.workload.identity/skip-containers";

function annotated(annotations: Record<string, string>, rest: Pod = {}): Pod {
  return { ...rest, metadata: { ...rest.metadata, annotations } };
}

const MESHED = { "linkerd.io/inject": "enabled" };

test("a pod without marks gets nothing", () => {
  expect(platformAnnotations({}, {}, PORT)).toStrictEqual({});
});

describe("Linkerd skips our port", () => {
  test.each<[string, Record<string, string>, Record<string, string>, string]>([
    ["in a pod that asks for the proxy", MESHED, {}, "4190,4191,4567,4568,19847"],
    ["in ingress mode", { "linkerd.io/inject": "ingress" }, {}, "4190,4191,4567,4568,19847"],
    ["in a namespace that asks for it", {}, MESHED, "4190,4191,4567,4568,19847"],
    ["beside the pod's ports", { ...MESHED, [SKIP_PORTS]: "25,587" }, {}, "25,587,19847"],
    ["beside a range", { ...MESHED, [SKIP_PORTS]: "8000-9000" }, {}, "8000-9000,19847"],
    ["beside a range above", { ...MESHED, [SKIP_PORTS]: "20000-30000" }, {}, "20000-30000,19847"],
    ["beside a word that ends in it", { ...MESHED, [SKIP_PORTS]: "x19847" }, {}, "x19847,19847"],
    ["beside the namespace's", MESHED, { [SKIP_PORTS]: "25" }, "25,19847"],
    [
      "beside the pod's, not the namespace's",
      { ...MESHED, [SKIP_PORTS]: "1" },
      { [SKIP_PORTS]: "2" },
      "1,19847",
    ],
    [
      "in a list with spaces and empty entries",
      { ...MESHED, [SKIP_PORTS]: " 25, 587,," },
      {},
      "25,587,19847",
    ],
    ["in an empty list", { ...MESHED, [SKIP_PORTS]: "" }, {}, "19847"],
    ["beside what is no port", { ...MESHED, [SKIP_PORTS]: "smtp" }, {}, "smtp,19847"],
    ["beside a longer number", { ...MESHED, [SKIP_PORTS]: "198470" }, {}, "198470,19847"],
  ])("%s", (_, pod, namespace, ports) => {
    expect(platformAnnotations(annotated(pod), namespace, PORT)).toStrictEqual({
      [SKIP_PORTS]: ports,
    });
  });
});

test("of a namespace's annotations those are kept that decide here", () => {
  expect(NAMESPACE_ANNOTATIONS).toStrictEqual(["linkerd.io/inject", SKIP_PORTS]);
});

describe("Linkerd's list stays as it is", () => {
  test.each<[string, Record<string, string>, Record<string, string>]>([
    ["where the pod opts out", { "linkerd.io/inject": "disabled" }, MESHED],
    ["where nobody asks for the proxy", { [SKIP_PORTS]: "25" }, {}],
    ["with our port in it", { ...MESHED, [SKIP_PORTS]: "25,19847" }, {}],
    ["with a range over our port", { ...MESHED, [SKIP_PORTS]: "19000-20000" }, {}],
    ["with our port in the namespace's", MESHED, { [SKIP_PORTS]: "19847" }],
  ])("%s", (_, pod, namespace) => {
    expect(platformAnnotations(annotated(pod), namespace, PORT)).toStrictEqual({});
  });
});

describe("EKS skips our container", () => {
  test.each<[string, Pod, string]>([
    [
      "beside others",
      annotated({ [EKS_SKIP]: "init-first,proxy" }),
      "init-first,proxy,healthpolicy-sidecar",
    ],
    ["in an empty list", annotated({ [EKS_SKIP]: "" }), "healthpolicy-sidecar"],
    [
      "in a list that ends a line",
      annotated({ [EKS_SKIP]: "proxy\n" }),
      "proxy,healthpolicy-sidecar",
    ],
    [
      "with another annotation of EKS",
      annotated({ "eks.amazonaws.com/token-expiration": "3600" }),
      "healthpolicy-sidecar",
    ],
    ["with its volume", { spec: { volumes: [{ name: "aws-iam-token" }] } }, "healthpolicy-sidecar"],
    [
      "with a pod identity",
      { spec: { volumes: [{ name: "eks-pod-identity-token" }] } },
      "healthpolicy-sidecar",
    ],
  ])("%s", (_, pod, containers) => {
    expect(platformAnnotations(pod, {}, PORT)).toStrictEqual({ [EKS_SKIP]: containers });
  });

  test("once", () => {
    const pod = annotated({ [EKS_SKIP]: "healthpolicy-sidecar,proxy" });
    expect(platformAnnotations(pod, {}, PORT)).toStrictEqual({});
  });
});

describe("Azure skips our container", () => {
  const labels = { "azure.workload.identity/use": "true" };
  test.each<[string, Pod, string]>([
    ["in a pod that uses an identity", { metadata: { labels } }, "healthpolicy-sidecar"],
    [
      "beside others",
      annotated({ [AZURE_SKIP]: "one; two" }, { metadata: { labels } }),
      "one;two;healthpolicy-sidecar",
    ],
  ])("%s", (_, pod, containers) => {
    expect(platformAnnotations(pod, {}, PORT)).toStrictEqual({ [AZURE_SKIP]: containers });
  });

  test("and only in such a pod", () => {
    const pod = annotated(
      { [AZURE_SKIP]: "one" },
      { metadata: { labels: { "azure.workload.identity/use": "false" } } },
    );
    expect(platformAnnotations(pod, {}, PORT)).toStrictEqual({});
  });
});

test.each<[string, string, Record<string, string>, Record<string, string>]>([
  ["of Linkerd's ports", SKIP_PORTS, { "linkerd.io/inject": "enabled" }, {}],
  ["of EKS's containers", EKS_SKIP, {}, {}],
  ["of Azure's containers", AZURE_SKIP, {}, { "azure.workload.identity/use": "true" }],
])("a list %s that is too long to be anybody's is left as it is", (_, key, annotations, labels) => {
  const of = (length: number) =>
    annotated({ ...annotations, [key]: "1".repeat(length) }, { metadata: { labels } });
  expect(platformAnnotations(of(MAX_LIST_LENGTH), {}, PORT)).not.toStrictEqual({});
  expect(platformAnnotations(of(MAX_LIST_LENGTH + 1), {}, PORT)).toStrictEqual({});
});
