import { expect, test } from "@jest/globals";
import type { ImageVersion } from "../../inject/is-sidecar.ts";
import { podOf } from "../pods/testing/pod-of.ts";
import { MOST_VERSIONS, sidecarVersions } from "./sidecar-versions.ts";

const SIDECAR = { policy: "web", revision: "r", ready: true };
const DIGEST = `sha256:${"a".repeat(64)}`;

function pods(count: number, version?: ImageVersion) {
  const sidecar = { ...SIDECAR, ...(version && { version }) };
  return Array.from({ length: count }, () => podOf({ sidecar }));
}

test("pods by tag and digest, those without a sidecar left out", () => {
  expect(
    sidecarVersions([
      ...pods(1, { tag: "0.1.0", digest: DIGEST }),
      ...pods(3, { tag: "0.1.0" }),
      ...pods(2),
      ...pods(1, { digest: DIGEST }),
      {},
    ]),
  ).toStrictEqual([
    { tag: "0.1.0", digest: "", pods: 3 },
    { tag: "", digest: "", pods: 2 },
    { tag: "0.1.0", digest: DIGEST, pods: 1 },
    { tag: "", digest: DIGEST, pods: 1 },
  ]);
});

test.each([
  ["a line break", { tag: '1"} 1\nup{a="' }],
  ["a tag that is too long", { tag: "a".repeat(129) }],
  ["a tag that begins as none does", { tag: "-1" }],
  ["another digest", { tag: "1", digest: "sha512:00" }],
  ["a digest in capitals", { digest: `sha256:${"A".repeat(64)}` }],
])("what no registry takes is not repeated: %s", (_, version) => {
  expect(sidecarVersions(pods(2, version))).toStrictEqual([{ tag: "other", digest: "", pods: 2 }]);
});

test("of many versions the most frequent are told apart, and the rest is one", () => {
  const many = Array.from({ length: MOST_VERSIONS + 5 }, (__, index) =>
    pods(index === 0 ? 100 : 1, { tag: `t${index}` }),
  ).flat();
  const found = sidecarVersions([...many.slice(100), ...many.slice(0, 100)]);
  expect(found).toHaveLength(MOST_VERSIONS + 1);
  expect(found[0]).toStrictEqual({ tag: "t0", digest: "", pods: 100 });
  expect(found.find(({ tag }) => tag === "other")?.pods).toBe(5);
});
