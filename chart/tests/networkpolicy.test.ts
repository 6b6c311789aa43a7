import { expect, jest, test } from "@jest/globals";
import { HELM_TIMEOUT_MS, only, render } from "./helm.ts";

// A slow machine may take seconds for one call of Helm.
jest.setTimeout(HELM_TIMEOUT_MS);

interface Rule {
  ports: { port: string }[];
  from?: object[];
}

/** Who may reach each port, by its name; undefined means everybody. */
function reach(...args: string[]): Record<string, object[] | undefined> {
  const { ingress } = only(render(...args), "NetworkPolicy").spec as { ingress: Rule[] };
  return Object.fromEntries(
    ingress.flatMap(({ ports, from }) => ports.map(({ port }) => [port, from])),
  );
}

test("everybody may reach both ports where the values name nobody", () => {
  expect(reach()).toStrictEqual({ webhook: undefined, management: undefined });
});

test("those named may reach the webhook, and the operator's own pods, which its leader asks", () => {
  const cidr = "10.0.0.0/24";
  const own = { podSelector: only(render(), "NetworkPolicy").spec.podSelector };
  expect(reach("--set", `networkPolicy.ingress.webhook[0].ipBlock.cidr=${cidr}`)).toStrictEqual({
    webhook: [own, { ipBlock: { cidr } }],
    management: undefined,
  });
});

test("those named may reach the management port, and nobody else", () => {
  const label = "networkPolicy.ingress.management[0].namespaceSelector.matchLabels.team=metrics";
  expect(reach("--set", label)).toStrictEqual({
    webhook: undefined,
    management: [{ namespaceSelector: { matchLabels: { team: "metrics" } } }],
  });
});
