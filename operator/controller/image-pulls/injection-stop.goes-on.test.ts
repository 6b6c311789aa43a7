/** When injection goes on, and what the next leader makes of it. */
import { describe, expect, test } from "@jest/globals";
import { resumedUnproven, stoppedBefore } from "./injection-stop.ts";
import { type Look, looked, ONE_HAS_IT, podsOf, STUCK, stopped } from "./testing/looks.ts";

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
    ["it need not have let its pod start", [[70, { shop: "wrw" }]], ""],
    [
      "one of another namespace shows it for those whose pods wait no more: nobody had it",
      [
        [70, { shop: "www", blog: "w" }],
        [80, { blog: "w" }],
        [90, { blog: "p" }],
      ],
      "",
    ],
    [
      "one that has it from another registry does not",
      [
        [70, { shop: "www", blog: "m" }],
        [80, { blog: "m" }],
        [90, { blog: "e" }],
      ],
      "everywhere",
    ],
    [
      "nor one that somebody makes under the sidecar's name and version",
      [[70, { shop: "www", blog: "e" }]],
      "everywhere",
    ],
    [
      "nor do pods that wait for that of another registry keep all stopped",
      [
        [70, { shop: "", blog: "m" }],
        [660, { shop: "", blog: "m" }],
      ],
      "",
    ],
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

describe("while stopped as sidecars do not start", () => {
  const crashing: [number, Look][] = [
    [0, { shop: "ccc", blog: "p" }],
    [60, { shop: "ccc", blog: "p" }],
  ];
  test.each<[string, [number, Look][], string]>([
    [
      "it stays so while they run for a moment, all of them",
      [
        [70, { shop: "rrr", blog: "p" }],
        [71, { shop: "ccc", blog: "p" }],
        [9_999, { shop: "rcc", blog: "p" }],
      ],
      "shop",
    ],
    ["it ends when one of them lets its pod start", [[70, { shop: "cpc", blog: "p" }]], ""],
    [
      "those that go on failing say nothing then, and three others do",
      [
        [70, { shop: "cpc", blog: "p" }],
        [370, { shop: "cpc", blog: "p" }],
      ],
      "",
    ],
    [
      "one of another namespace that starts says nothing",
      [[70, { shop: "ccc", blog: "pp" }]],
      "shop",
    ],
    [
      "nor does one of another namespace that had failed too",
      [
        [70, { shop: "ccc", blog: "pc" }],
        [80, { shop: "", blog: "pp" }],
      ],
      "shop",
    ],
    [
      "it is tried again ten minutes after the last of them is gone",
      [
        [70, { blog: "p" }],
        [660, { blog: "p" }],
      ],
      "",
    ],
  ])("%s", (_what, looks, expected) => {
    expect(stopped(looked([...crashing, ...looks]))).toBe(expected);
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
      "nor when none waits here any more: its registry or pull secret is not ours",
      [
        [70, { blog: "pw" }],
        [80, { blog: "pp" }],
      ],
      "shop",
    ],
    [
      "then it ends by time",
      [
        [70, { blog: "pw" }],
        [80, { blog: "pp" }],
        [660, { blog: "pp" }],
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
    const all = stoppedBefore({ namespaces: ["shop", "blog"], everywhere: true }, 0);
    expect(stopped(looked([[1, {}]], all))).toBe("everywhere");
    expect(stopped(looked([[1, { shop: "www" }]], all))).toBe("everywhere");
    expect(stopped(looked([[1, { shop: "www", wiki: "p" }]], all))).toBe("blog shop");
    expect(stopped(looked([[1, {}]]))).toBe("");
  });

  test("two namespaces that were stopped for themselves are not all of them", () => {
    const two = stoppedBefore({ namespaces: ["shop", "blog"], everywhere: false }, 0);
    expect(stopped(two)).toBe("blog shop");
    expect(stopped(looked([[1, { shop: "w", blog: "w" }]], two))).toBe("blog shop");
  });

  test("after a stop of all, the namespaces whose pods did not wait go on with the image", () => {
    const all = stoppedBefore({ namespaces: ["shop"], everywhere: true }, 0);
    expect(stopped(looked([[1, { shop: "w", wiki: "p" }]], all))).toBe("shop");
    const nobodyWaited = stoppedBefore({ namespaces: [], everywhere: true }, 0);
    expect(stopped(looked([[599, {}]], nobodyWaited))).toBe("everywhere");
    expect(stopped(looked([[600, {}]], nobodyWaited))).toBe("");
    expect(stopped(looked([[1, { wiki: "p" }]], nobodyWaited))).toBe("");
  });
});

describe("goes on unproven", () => {
  const stuckInTwo: [number, Look][] = [
    [0, { shop: "www", blog: "w" }],
    [60, { shop: "www", blog: "w" }],
  ];
  test.each<[string, [number, Look][], [number, Look], unknown]>([
    [
      "in all namespaces, after a stop of all that ended by time",
      stuckInTwo,
      [660, {}],
      { here: ["shop", "blog"], everywhere: true },
    ],
    [
      "in its own, after a stop there",
      ONE_HAS_IT,
      [660, {}],
      { here: ["shop"], everywhere: false },
    ],
    [
      "in its own, though a pod of another namespace gets the image just then",
      [...ONE_HAS_IT, [70, { blog: "pw" }]],
      [660, { blog: "pp" }],
      { here: ["shop"], everywhere: false },
    ],
    [
      "nowhere, where a pod that waited has it",
      ONE_HAS_IT,
      [70, { shop: "wwp", blog: "p" }],
      { here: [], everywhere: false },
    ],
    [
      "nowhere, where one shows it of another namespace, and nobody had it",
      [...stuckInTwo, [70, { blog: "w" }]],
      [80, { blog: "p" }],
      { here: [], everywhere: false },
    ],
    ["nowhere while it is stopped", stuckInTwo, [70, {}], { here: [], everywhere: false }],
    [
      "nowhere, where a stop of all becomes one of its own",
      stuckInTwo,
      [70, { shop: "www", wiki: "p" }],
      { here: [], everywhere: false },
    ],
  ])("%s", (_what, looks, [seconds, look], expected) => {
    const before = looked(looks);
    const after = looked([[seconds, look]], before);
    expect(resumedUnproven(before, after, podsOf(look))).toStrictEqual(expected);
  });
});
