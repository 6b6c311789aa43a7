/** Which container counts as ours, and which image as the same version. */
import { describe, expect, test } from "@jest/globals";
import { SIDECAR_CONTAINER } from "../api/names.ts";
import { imageVersion, isSameRepository, isSameVersion, isSidecar } from "./is-sidecar.ts";
import type { Container } from "./pod.ts";

const IMAGE = "registry.example/healthpolicy/sidecar:1.0.0";
const DIGEST = `sha256:${"ab".repeat(32)}`;

describe("is the sidecar", () => {
  test.each([
    IMAGE,
    "healthpolicy/sidecar:1.0.0",
    "mirror.corp:5000/proxy/healthpolicy/sidecar:1.0.0",
    "mirror.corp/sidecar",
    "registry.example/healthpolicy/sidecar:0.9.0",
    `registry.example/healthpolicy/sidecar@${DIGEST}`,
    `registry.example/healthpolicy/sidecar:1.0.0@${DIGEST}`,
    `${"x".repeat(1_016)}/sidecar`,
  ])("%s", (image) => {
    expect(isSidecar({ name: SIDECAR_CONTAINER, image }, IMAGE)).toBe(true);
  });
});

describe("is another container", () => {
  test.each<[string, Container]>([
    ["of another name", { name: "sidecar", image: IMAGE }],
    ["without a name", { image: IMAGE }],
    ["without an image", { name: SIDECAR_CONTAINER }],
    ["with an empty image", { name: SIDECAR_CONTAINER, image: "" }],
    ["with an image that is no text", { name: SIDECAR_CONTAINER, image: ["sidecar"] as never }],
    ["with another image", { name: SIDECAR_CONTAINER, image: "registry.example/busybox:1" }],
    ["with our name in the path", { name: SIDECAR_CONTAINER, image: "x/sidecar/busybox:1" }],
    ["with our name as tag", { name: SIDECAR_CONTAINER, image: "x/busybox:sidecar" }],
    ["with a longer name", { name: SIDECAR_CONTAINER, image: "x/not-sidecar:1.0.0" }],
    ["with a longer path", { name: SIDECAR_CONTAINER, image: `${"x/".repeat(600)}sidecar` }],
  ])("%s", (_, container) => {
    expect(isSidecar(container, IMAGE)).toBe(false);
  });

  test("where no image is configured", () => {
    expect(isSidecar({ name: SIDECAR_CONTAINER, image: "" }, "")).toBe(false);
  });
});

test.each<[unknown, string, boolean]>([
  [undefined, "x/sidecar:1", false],
  ["mirror.corp/sidecar:1", "registry.example/healthpolicy/sidecar:1", true],
  ["mirror.corp/sidecar:1", "registry.example/healthpolicy/sidecar:2", false],
  ["mirror.corp/sidecar", "registry.example/healthpolicy/sidecar:2", false],
  [`x/sidecar@${DIGEST}`, "x/sidecar:1", true],
  [`x/sidecar:1@${DIGEST}`, "x/sidecar:1", true],
  [`x/sidecar:2@${DIGEST}`, "x/sidecar:1", false],
  [`x/sidecar@${DIGEST}`, `y/sidecar@${DIGEST}`, true],
  [`x/sidecar@${DIGEST}`, `y/sidecar@sha256:${"cd".repeat(32)}`, false],
  ["x/sidecar:1", `y/sidecar:1@${DIGEST}`, true],
  [`x/sidecar:1@${DIGEST}`, `y/sidecar@sha256:${"cd".repeat(32)}`, false],
  ["127.0.0.1:31999/x/sidecar:1-zarf-2140033595", "x/sidecar:1", true],
  ["x/sidecar:1-zarf-2140033595", "x/sidecar:1", false],
  ["y/sidecar:1.1-zarf-2140033595", "x/sidecar:1", false],
  ["y/sidecar:1", "x/sidecar:1-zarf-2140033595", false],
])("%s beside %s is the same version: %s", (standing, configured, same) => {
  expect(isSameVersion(standing, configured)).toBe(same);
});

test.each<[unknown, string, boolean]>([
  [undefined, "x/sidecar:1", false],
  ["x/sidecar", "x/sidecar:1", true],
  ["x/sidecar:2", "x/sidecar:1", true],
  [`x/sidecar:1@${DIGEST}`, "x/sidecar:1", true],
  ["x/sidecar:1", `x/sidecar@${DIGEST}`, true],
  ["mirror.corp:5000/sidecar:1", "mirror.corp:5000/sidecar:1", true],
  ["mirror.corp:5000/sidecar:1", "mirror.corp:5001/sidecar:1", false],
  ["mirror.corp/x/sidecar:1", "x/sidecar:1", false],
  ["y/sidecar:1", "x/sidecar:1", false],
  ["sidecar:1", "x/sidecar:1", false],
])("%s beside %s comes from the same repository: %s", (standing, configured, same) => {
  expect(isSameRepository(standing, configured)).toBe(same);
});

test.each([
  ["sidecar", undefined],
  ["sidecar:1.0.0", { tag: "1.0.0" }],
  ["mirror.corp:5000/sidecar", undefined],
  [`sidecar@${DIGEST}`, { digest: DIGEST }],
  [`sidecar:1.0.0@${DIGEST}`, { tag: "1.0.0", digest: DIGEST }],
  [["sidecar:1"], undefined],
  [`${"x".repeat(1_024)}:1`, undefined],
])("the version that %s states", (image, version) => {
  expect(imageVersion(image)).toStrictEqual(version);
});
