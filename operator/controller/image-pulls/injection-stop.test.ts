/** When injection stops. */
import { describe, expect, test } from "@jest/globals";
import {
  afterLook,
  examplePod,
  isStopped,
  nextLookAfter,
  stoppedBefore,
} from "./injection-stop.ts";
import { type Look, looked, ONE_HAS_IT, podsOf, STUCK, stopped } from "./testing/looks.ts";

describe("injection stops", () => {
  test.each<[string, [number, Look][], string]>([
    [
      "everywhere, when three pods have waited for a minute and none has the image",
      STUCK,
      "everywhere",
    ],
    [
      "not before",
      [
        [0, { shop: "www" }],
        [59, { shop: "www" }],
      ],
      "",
    ],
    [
      "not for two pods",
      [
        [0, { shop: "ww" }],
        [600, { shop: "ww" }],
      ],
      "",
    ],
    [
      "not for a third that has waited less",
      [
        [0, { shop: "ww" }],
        [30, { shop: "www" }],
        [89, { shop: "www" }],
      ],
      "",
    ],
    [
      "not for pods that are replaced all the time",
      [
        [0, { shop: "www" }],
        [50, { shop: "   www" }],
        [100, { shop: "      www" }],
      ],
      "",
    ],
    [
      "for pods that are between two states of the kubelet at times",
      [
        [0, { shop: "www" }],
        [50, { shop: "..." }],
        [60, { shop: ".ww" }],
      ],
      "everywhere",
    ],
    [
      "not for pods that have not come to it",
      [
        [0, { shop: "..." }],
        [600, { shop: "..." }],
      ],
      "",
    ],
    ["in the namespace alone, when another pod has the image", ONE_HAS_IT, "shop"],
    [
      "everywhere, when three of two namespaces have waited and none has the image",
      [
        [0, { shop: "ww", blog: "w" }],
        [60, { shop: "ww", blog: "w" }],
      ],
      "everywhere",
    ],
    [
      "in neither of the two, when another pod has it",
      [
        [0, { shop: "ww", blog: "w", wiki: "p" }],
        [900, { shop: "ww", blog: "w", wiki: "p" }],
      ],
      "",
    ],
    [
      "in the namespace alone, when all wait for another registry's image",
      [
        [0, { shop: "mmm", blog: "" }],
        [60, { shop: "mmm" }],
      ],
      "shop",
    ],
    [
      "nowhere else for pods that wait for another registry's image",
      [
        [0, { shop: "mm", blog: "w" }],
        [60, { shop: "mm", blog: "w" }],
      ],
      "",
    ],
    [
      "in the namespace alone, when sidecars do not start, also where nobody has the image",
      [
        [0, { shop: "ccc", blog: "" }],
        [60, { shop: "ccc" }],
      ],
      "shop",
    ],
    [
      "not before, nor for two",
      [
        [0, { shop: "ccc", blog: "cc" }],
        [59, { shop: "ccc", blog: "cc" }],
      ],
      "",
    ],
    [
      "nowhere else for pods whose sidecars do not start",
      [
        [0, { shop: "cc", blog: "w" }],
        [900, { shop: "cc", blog: "w" }],
      ],
      "",
    ],
    [
      "for some that wait for the image and some whose sidecar does not start, in the namespace alone",
      [
        [0, { shop: "wwc", blog: "" }],
        [60, { shop: "wwc" }],
      ],
      "shop",
    ],
    [
      "though they run, end and back off in turns",
      [
        [0, { shop: "ccc" }],
        [10, { shop: "rcc" }],
        [11, { shop: "crr" }],
        [12, { shop: ".cr" }],
        [60, { shop: "ccc" }],
      ],
      "shop",
    ],
    [
      "also in the moment in which one of many runs",
      [
        [0, { shop: "cccc" }],
        [60, { shop: "rccc" }],
      ],
      "shop",
    ],
    [
      "not for those that have failed and run now, while the app's own image is being pulled",
      [
        [0, { shop: "ccc" }],
        [5, { shop: "rrr" }],
        [300, { shop: "rrr" }],
      ],
      "",
    ],
    [
      "nowhere else for pods whose sidecars did not start when they had the image, and which lack it later",
      [
        [0, { shop: "ccc" }],
        [50, { shop: "www" }],
        [120, { shop: "www" }],
      ],
      "shop",
    ],
    [
      "nowhere else for pods that lacked the image first, and whose sidecars do not start now",
      [
        [0, { shop: "www", blog: "" }],
        [50, { shop: "ccc" }],
        [60, { shop: "ccc" }],
      ],
      "shop",
    ],
    [
      "everywhere only while nobody has the image, not even one whose sidecar has just begun to run",
      [
        [0, { shop: "www", blog: "r" }],
        [60, { shop: "www", blog: "r" }],
      ],
      "shop",
    ],
    [
      "by whoever creates pods in one namespace, only there",
      [
        [0, { shop: "wwwwwwwww", blog: "pp" }],
        [900, { shop: "wwwwwwwww", blog: "pp" }],
      ],
      "shop",
    ],
    [
      "by whoever creates pods in one namespace, only there, also while a pod of another one waits",
      [
        [0, { shop: "wwwwwwwww", blog: "pw" }],
        [60, { shop: "wwwwwwwww", blog: "pw" }],
      ],
      "shop",
    ],
    [
      "everywhere, also where somebody runs anything under the sidecar's name and version",
      [
        [0, { shop: "www", blog: "e" }],
        [60, { shop: "www", blog: "e" }],
      ],
      "everywhere",
    ],
  ])("%s", (_what, looks, expected) => {
    expect(stopped(looked(looks))).toBe(expected);
  });
});

test("which namespaces get no sidecar, and which pod shows why", () => {
  const everywhere = looked(STUCK);
  expect(["shop", "blog"].map((one) => isStopped(everywhere, one))).toStrictEqual([true, true]);
  const here = looked(ONE_HAS_IT);
  expect(["shop", "blog"].map((one) => isStopped(here, one))).toStrictEqual([true, false]);
  expect(["shop", "blog"].map((one) => examplePod(here, one))).toStrictEqual(["web-0", undefined]);
});

test("the next look is when a wait gets long, or a stopped namespace is tried again; without either there is none", () => {
  expect(nextLookAfter(looked([[0, { shop: "p" }]]), 0)).toBeUndefined();
  expect(
    nextLookAfter(
      looked([
        [0, { shop: "w" }],
        [20, { shop: "ww" }],
      ]),
      20_000,
    ),
  ).toBe(40_000);
  expect(nextLookAfter(looked(STUCK), 60_000)).toBe(600_000);
  expect(nextLookAfter(stoppedBefore({ namespaces: [], everywhere: true }, 0), 0)).toBe(600_000);
});

test("a look reads each pod a few times, however many wait", () => {
  const look: Look = {};
  for (let namespace = 0; namespace < 200; namespace += 1) look[`ns-${namespace}`] = "w".repeat(10);
  let reads = 0;
  const pods = podsOf(look).map((pod) => ({
    ...pod,
    get namespace() {
      reads += 1;
      return pod.namespace;
    },
    get start() {
      reads += 1;
      return pod.start;
    },
  }));
  const areAllKnown = true;
  const begun = afterLook(looked([]), pods, { now: 0, areAllKnown });
  expect(stopped(afterLook(begun, pods, { now: 60_000, areAllKnown }))).toBe("everywhere");
  expect(reads / pods.length).toBeLessThan(20);
});
