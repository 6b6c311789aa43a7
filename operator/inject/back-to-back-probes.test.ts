import { describe, expect, test } from "@jest/globals";
import { SIDECAR_CONTAINER } from "../api/names.ts";
import { backToBackProbes } from "./back-to-back-probes.ts";
import type { Container } from "./pod.ts";

const said = (...containers: Container[]) => backToBackProbes({ spec: { containers } });
const sentence = (name: string, kind: string) =>
  `container "${name}": ${kind}.periodSeconds (2) is less than timeoutSeconds (5), so that probes will run back to back while the app hangs; write at least 5`;
const BAD = { periodSeconds: 2, timeoutSeconds: 5 };

describe.each(["readinessProbe", "livenessProbe", "startupProbe"])("a %s", (kind) => {
  test("that waits longer than its period is said", () => {
    expect(said({ name: "web", [kind]: BAD })).toStrictEqual([sentence("web", kind)]);
  });

  test.each([
    ["of the same times", { periodSeconds: 5, timeoutSeconds: 5 }],
    ["of the default times", {}],
    ["with the default timeout", { periodSeconds: 1 }],
    ["with the default period", { timeoutSeconds: 10 }],
    ["with a period of zero, which means the default", { periodSeconds: 0, timeoutSeconds: 5 }],
  ])("%s is not", (_, probe) => {
    expect(said({ name: "web", [kind]: probe })).toStrictEqual([]);
  });

  test("is compared with the default period where it states none", () => {
    const [only] = said({ name: "web", [kind]: { timeoutSeconds: 11 } });
    expect(only).toContain(`${kind}.periodSeconds (10) is less than timeoutSeconds (11)`);
  });
});

test("init containers that go on running have probes too; the sidecar is left out", () => {
  const spec = {
    initContainers: [
      { name: "proxy", readinessProbe: BAD },
      { name: SIDECAR_CONTAINER, readinessProbe: BAD },
    ],
  };
  expect(backToBackProbes({ spec })).toStrictEqual([sentence("proxy", "readinessProbe")]);
  expect(backToBackProbes({})).toStrictEqual([]);
});

test("a proxy of a mesh is left out", () => {
  expect(said({ name: "istio-proxy", readinessProbe: BAD })).toStrictEqual([]);
});

test("three are said and the others counted", () => {
  const containers = Array.from({ length: 5 }, (_, index) => ({
    name: `c${index}`,
    livenessProbe: BAD,
  }));
  expect(said(...containers)).toStrictEqual([
    ...[0, 1, 2].map((index) => sentence(`c${index}`, "livenessProbe")),
    "and 2 more probes like these",
  ]);
});

test("a name is quoted, and no longer than a name may be", () => {
  const [only] = said({ name: `\n${"x".repeat(1_000)}`, livenessProbe: BAD });
  expect(only?.startsWith(`container "\\n${"x".repeat(62)}": `)).toBe(true);
});
