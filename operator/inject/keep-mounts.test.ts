/**
 * Mounts within mounts, and paths that are too long. Those over the program and our folders are in reassert.test.ts.
 */
import { expect, test } from "@jest/globals";
import { keepMounts } from "./keep-mounts.ts";
import type { Volume, VolumeMount } from "./pod.ts";

const OURS: VolumeMount[] = [{ name: "healthpolicy-config", mountPath: "/etc/healthpolicy" }];
const VOLUMES: Volume[] = [
  { name: "scratch", emptyDir: {} },
  { name: "disk", persistentVolumeClaim: { claimName: "disk" } },
  { name: "image", image: { reference: "registry.example/links:1" } },
  { name: "token", projected: { sources: [{ serviceAccountToken: { path: "token" } }] } },
  { name: "secret", secret: { secretName: "s" } },
  { name: "config", configMap: { name: "c" } },
  { name: "about", downwardAPI: {} },
];

/** What stays of mounts of these volumes at these paths, in their order. */
function kept(...mounts: [name: string, mountPath: string][]): string[] {
  const standing = mounts.map(([name, mountPath]) => ({ name, mountPath }));
  const all = keepMounts(standing, { ours: OURS, volumes: VOLUMES });
  expect(all.slice(0, 1)).toEqual(OURS);
  return all.slice(1).map(({ mountPath = "" }) => mountPath);
}

test.each(["scratch", "disk", "image", "of no volume"])(
  "a mount within one of %s is taken out: a link there may lead it anywhere",
  (outer) => {
    expect(kept(["token", "/data/link/deeper"], [outer, "/data"], ["secret", "/other"])).toEqual([
      "/data",
      "/other",
    ]);
  },
);

test.each(["token", "secret", "config", "about"])(
  "a mount within one of %s stays: the kubelet makes what is in that",
  (outer) => {
    expect(kept([outer, "/data"], ["disk", "/data/company.crt"])).toEqual([
      "/data",
      "/data/company.crt",
    ]);
  },
);

test.each<[string, [string, string][], string[]]>([
  [
    "side by side",
    [
      ["disk", "/data"],
      ["disk", "/data-2"],
      ["disk", "/data0"],
    ],
    ["/data", "/data-2", "/data0"],
  ],
  [
    "the same folder twice",
    [
      ["disk", "/data"],
      ["scratch", "/data/"],
    ],
    ["/data", "/data/"],
  ],
  [
    "by a detour",
    [
      ["disk", "/data"],
      ["scratch", "/x/..//data/./link"],
    ],
    ["/data"],
  ],
  [
    "through one of ours",
    [
      ["secret", "/data"],
      ["disk", "/data/a"],
      ["token", "/data/a/b"],
    ],
    ["/data", "/data/a"],
  ],
  [
    "through two",
    [
      ["disk", "/a"],
      ["secret", "/a/b"],
      ["token", "/a/b/c"],
    ],
    ["/a"],
  ],
  [
    "behind one that is taken out",
    [
      ["disk", "/a"],
      ["disk", "/a/b"],
      ["token", "/a/c"],
    ],
    ["/a"],
  ],
  [
    "in one that is in the way",
    [
      ["disk", "/usr"],
      ["disk", "/usr/share/zoneinfo"],
    ],
    ["/usr/share/zoneinfo"],
  ],
  [
    "what credential webhooks add",
    [
      ["token", "/var/run/secrets/eks.amazonaws.com/serviceaccount"],
      ["token", "/var/run/secrets/azure/tokens"],
      ["scratch", "/vault/secrets"],
      ["scratch", "/vault/configs"],
    ],
    [
      "/var/run/secrets/eks.amazonaws.com/serviceaccount",
      "/var/run/secrets/azure/tokens",
      "/vault/secrets",
      "/vault/configs",
    ],
  ],
])("%s", (_, mounts, want) => {
  expect(kept(...mounts)).toEqual(want);
});

test("a path that Linux does not take is taken out", () => {
  const longest = `/${"x".repeat(4_094)}`;
  expect(
    kept(["disk", longest], ["disk", `${longest}y`], ["disk", `/${"ü".repeat(2_048)}`]),
  ).toEqual([longest]);
});
