import { expect, jest, test } from "@jest/globals";
import { LAST_SIDECAR_PORT, SIDECAR_PORT } from "../../operator/api/names.ts";
import { HELM_TIMEOUT_MS, only, render } from "./helm.ts";

// A slow machine may take seconds for one call of Helm.
jest.setTimeout(HELM_TIMEOUT_MS);

interface Port {
  port: string | number;
  endPort?: number;
}

interface Rule {
  ports: Port[];
  from?: object[];
}

/** Who may reach each port, by its name; undefined means everybody. */
function reach(...args: string[]): Record<string, object[] | undefined> {
  const { ingress } = only(render(...args), "NetworkPolicy").spec as { ingress: Rule[] };
  return Object.fromEntries(
    ingress.flatMap(({ ports, from }) => ports.map(({ port }) => [port, from])),
  );
}

/** The ports of other namespaces' pods that the operator may reach. */
function sidecarPorts(...args: string[]): Port[] {
  const { egress } = only(render(...args), "NetworkPolicy").spec as {
    egress: { ports: Port[]; to?: object[] }[];
  };
  const everywhere = JSON.stringify([{ namespaceSelector: {} }]);
  return egress.flatMap(({ to, ports }) => (JSON.stringify(to) === everywhere ? ports : []));
}

const TEST_LABELS = {
  "app.kubernetes.io/name": "healthpolicy",
  "app.kubernetes.io/instance": "healthpolicy",
  "app.kubernetes.io/component": "test",
};

test("the operator may reach the ports that a sidecar can have, where the values allow it", () => {
  expect(sidecarPorts()).toStrictEqual([
    { port: SIDECAR_PORT, endPort: LAST_SIDECAR_PORT, protocol: "TCP" },
  ]);
  expect(sidecarPorts("--set", "networkPolicy.egress.sidecars=false")).toStrictEqual([]);
});

test("everybody may reach both ports where the values name nobody", () => {
  expect(reach()).toStrictEqual({ webhook: undefined, management: undefined });
});

test("those named may reach the webhook, the operator's own pods, which its leader asks, and the pod of helm test", () => {
  const cidr = "10.0.0.0/24";
  const own = { podSelector: only(render(), "NetworkPolicy").spec.podSelector };
  expect(reach("--set", `networkPolicy.ingress.webhook[0].ipBlock.cidr=${cidr}`)).toStrictEqual({
    webhook: [own, { podSelector: { matchLabels: TEST_LABELS } }, { ipBlock: { cidr } }],
    management: undefined,
  });
  const without = ["--set", "helmTest.enabled=false"];
  expect(
    reach("--set", `networkPolicy.ingress.webhook[0].ipBlock.cidr=${cidr}`, ...without).webhook,
  ).toStrictEqual([own, { ipBlock: { cidr } }]);
});

test("those named may reach the management port, and nobody else", () => {
  const label = "networkPolicy.ingress.management[0].namespaceSelector.matchLabels.team=metrics";
  expect(reach("--set", label)).toStrictEqual({
    webhook: undefined,
    management: [{ namespaceSelector: { matchLabels: { team: "metrics" } } }],
  });
});
