import { describe, expect, test } from "@jest/globals";
import type { ImageState } from "./image-state.ts";
import {
  afterLook,
  examplePod,
  isStopped,
  nextLookAfter,
  type PullHistory,
  type PullingPod,
  stoppedBefore,
} from "./injection-stop.ts";

const LETTERS: Record<string, ImageState | undefined> = {
  w: "Waiting",
  m: "WaitingElsewhere",
  p: "Pulled",
  ".": undefined,
};
/** Pods by namespace, one letter each in the order of their names: `w`aits, from a `m`irror, has `p`ulled, or none. */
type Look = Record<string, string>;

/** A gap is a pod that is gone. */
function podsOf(look: Look): PullingPod[] {
  return Object.entries(look).flatMap(([namespace, letters]) =>
    [...letters].flatMap((letter, index) =>
      letter === " "
        ? []
        : [
            {
              uid: `${namespace}-${index}`,
              namespace,
              name: `web-${index}`,
              created: 0,
              image: LETTERS[letter],
            },
          ],
    ),
  );
}

/** Looks at the given seconds, one after another. */
function looked(looks: [number, Look][], begun: PullHistory = stoppedBefore([], 0)): PullHistory {
  return looks.reduce(
    (history, [seconds, look]) => afterLook(history, podsOf(look), seconds * 1_000),
    begun,
  );
}

function stopped(history: PullHistory): string {
  if (history.everywhere) return "everywhere";
  return [...history.stopped.keys()].sort().join(" ");
}

const STUCK: [number, Look][] = [
  [0, { shop: "www" }],
  [60, { shop: "www" }],
];
const ONE_HAS_IT: [number, Look][] = [
  [0, { shop: "www", blog: "p" }],
  [60, { shop: "www", blog: "p" }],
];

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
      "in each namespace with a waiting pod, when they are three together",
      [
        [0, { shop: "ww", blog: "w", wiki: "p" }],
        [60, { shop: "ww", blog: "w", wiki: "p" }],
      ],
      "blog shop",
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
      "by whoever creates pods in one namespace, only there",
      [
        [0, { shop: "wwwwwwwww", blog: "pp" }],
        [900, { shop: "wwwwwwwww", blog: "pp" }],
      ],
      "shop",
    ],
  ])("%s", (_what, looks, expected) => {
    expect(stopped(looked(looks))).toBe(expected);
  });
});

describe("while stopped everywhere", () => {
  test.each<[string, [number, Look][], string]>([
    ["it stays so while the pods wait, for hours", [[9_999, { shop: "www" }]], "everywhere"],
    [
      "and when they are deleted, one after another",
      [
        [70, { shop: " ww" }],
        [80, {}],
      ],
      "everywhere",
    ],
    ["it ends when one of them has the image", [[70, { shop: "wpw" }]], ""],
    [
      "those that go on waiting say nothing for as long as the kubelet does not try again",
      [
        [70, { shop: "wpww" }],
        [370, { shop: "wpww" }],
      ],
      "",
    ],
    [
      "three others that wait from then on do",
      [
        [70, { shop: "pww" }],
        [80, { shop: "pwwwww" }],
        [140, { shop: "pwwwww" }],
      ],
      "shop",
    ],
    [
      "another pod that has it ends it for all but the namespace with waiting pods",
      [[70, { shop: "www", blog: "p" }]],
      "shop",
    ],
    [
      "it is tried again when nobody has waited for ten minutes",
      [
        [70, {}],
        [659, {}],
        [660, {}],
      ],
      "",
    ],
    [
      "but not before",
      [
        [70, {}],
        [659, {}],
      ],
      "everywhere",
    ],
  ])("%s", (_what, looks, expected) => {
    expect(stopped(looked([...STUCK, ...looks]))).toBe(expected);
  });
});

describe("while stopped in one namespace", () => {
  test.each<[string, [number, Look][], string]>([
    [
      "a pod that had the image before and restarts changes nothing",
      [[70, { shop: "www", blog: "p" }]],
      "shop",
    ],
    ["one of it that has waited and has the image ends it", [[70, { shop: "pww", blog: "p" }]], ""],
    [
      "one of another namespace does not, while pods wait here",
      [
        [70, { shop: "www", blog: "pw" }],
        [80, { shop: "www", blog: "pp" }],
      ],
      "shop",
    ],
    [
      "one of another namespace does, when none waits here any more",
      [
        [70, { blog: "pw" }],
        [80, { blog: "pp" }],
      ],
      "",
    ],
    [
      "it does not spread when the last pod that had the image goes",
      [[70, { shop: "ww" }]],
      "shop",
    ],
  ])("%s", (_what, looks, expected) => {
    expect(stopped(looked([...ONE_HAS_IT, ...looks]))).toBe(expected);
  });
});

describe("a new leader", () => {
  test("goes on where the last one had stopped, without waiting for a minute", () => {
    const both = stoppedBefore(["shop", "blog"], 0);
    expect(stopped(looked([[1, {}]], both))).toBe("everywhere");
    expect(stopped(looked([[1, { shop: "www" }]], both))).toBe("everywhere");
    expect(stopped(looked([[1, { shop: "www", wiki: "p" }]], both))).toBe("blog shop");
    expect(stopped(looked([[1, { shop: "w" }]], stoppedBefore(["shop"], 0)))).toBe("shop");
    expect(stopped(looked([[1, {}]]))).toBe("");
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
});

test("20,000 pods that wait are looked at in a moment", () => {
  const look: Look = {};
  for (let namespace = 0; namespace < 200; namespace += 1)
    look[`ns-${namespace}`] = "w".repeat(100);
  expect(
    stopped(
      looked([
        [0, look],
        [60, look],
      ]),
    ),
  ).toBe("everywhere");
});
