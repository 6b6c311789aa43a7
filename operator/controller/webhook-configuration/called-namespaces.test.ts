import { describe, expect, test } from "@jest/globals";
import type { LabelSelector } from "../../api/v1alpha1-selector.ts";
import { type CalledNamespacesOptions, calledNamespaces } from "./called-namespaces.ts";

const team = (name: string): LabelSelector => ({ matchLabels: { team: name } });

function called(selectors: LabelSelector[], other: Partial<CalledNamespacesOptions> = {}) {
  const applied = { selectors, namespaces: ["new", "kube-system", "bank"] };
  return calledNamespaces({
    namespaces: ["shop", "bank", "shop", "healthpolicy-system"],
    applied,
    ownNamespace: "healthpolicy-system",
    ...other,
  });
}

test("namespaces with a policy by name, and by labels those in which standards are applied", () => {
  expect(called([team("a")])).toStrictEqual({ listed: ["bank", "shop"], selectors: [team("a")] });
});

describe("selectors", () => {
  test("come once, whatever their order", () => {
    const { selectors } = called([team("b"), team("a"), team("b")]);
    expect(selectors).toStrictEqual([team("a"), team("b")]);
  });

  test.each<LabelSelector>([{}, { matchLabels: {} }, { matchExpressions: [] }])(
    "%j takes all, and stands for the others",
    (all) => {
      expect(called([team("a"), all]).selectors).toStrictEqual([{}]);
    },
  );

  test("up to four are webhooks of their own; more are names", () => {
    const many = ["a", "b", "c", "d", "e"].map(team);
    expect(called(many.slice(0, 4)).selectors).toHaveLength(4);
    expect(called(many)).toStrictEqual({ listed: ["bank", "new", "shop"], selectors: [] });
  });

  test("that the API server does not take are names", () => {
    const names = { listed: ["bank", "new", "shop"], selectors: [] };
    expect(called([team("a")], { byName: true })).toStrictEqual(names);
  });

  test("are needless where every namespace is asked about", () => {
    const namespaces = Array.from({ length: 501 }, (_, index) => `ns-${index}`);
    expect(called([team("a")], { namespaces }).selectors).toStrictEqual([]);
    expect(called([team("a")], { namespaces: namespaces.slice(1) }).selectors).toHaveLength(1);
  });
});
