import { describe, expect, test } from "@jest/globals";
import { type StartingPod, stoppedBefore } from "./injection-stop.ts";
import { isUnproven, type Unproven, unprovenAfter } from "./unproven.ts";

const NOW = 1_000_000;
const NAMESPACES = new Set(["shop", "blog"]);
const GOES_ON = stoppedBefore({ namespaces: [], everywhere: false }, 0);
const NOTHING_RESUMED = { here: [], everywhere: false };

/** A pod that has started, created so many seconds after it went on. */
function started(namespace: string, secondsAfter: number): StartingPod {
  const created = NOW / 1_000 + secondsAfter;
  return { uid: "1", namespace, name: "web-1", created, start: "Started", isExact: true };
}

function unprovenIn(before: Unproven, look: Partial<Parameters<typeof unprovenAfter>[1]> = {}) {
  const quiet = { pods: [], namespaces: NAMESPACES, after: GOES_ON, resumed: NOTHING_RESUMED };
  const found = unprovenAfter(before, { ...quiet, ...look }, NOW);
  return [...NAMESPACES].filter((namespace) => isUnproven(found, namespace)).join(" ");
}

/** Nothing has been stopped. */
const NONE_UNPROVEN: Unproven = { here: new Map(), everywhere: false };
const HERE = { here: new Map([["shop", NOW]]), everywhere: false };
const EVERYWHERE = { here: new Map<string, number>(), everywhere: true };

describe("a namespace that was stopped for pods of its own", () => {
  test("is unproven from when it goes on, and stays so", () => {
    expect(unprovenIn(NONE_UNPROVEN)).toBe("");
    expect(unprovenIn(NONE_UNPROVEN, { resumed: { here: ["shop"], everywhere: false } })).toBe(
      "shop",
    );
    expect(unprovenIn(HERE)).toBe("shop");
  });

  test.each<[string, StartingPod[], string]>([
    ["a pod of it that was created since", [started("shop", 0)], ""],
    [
      "none that was there before, and has had its sidecar all the time",
      [started("shop", -1)],
      "shop",
    ],
    ["none of another namespace", [started("blog", 1)], "shop"],
    ["none that waits", [{ ...started("shop", 1), start: "Waiting" }], "shop"],
    [
      "none that runs and may crash the next moment",
      [{ ...started("shop", 1), start: "Running" }],
      "shop",
    ],
  ])("is proven by %s", (_what, pods, expected) => {
    expect(unprovenIn(HERE, { pods })).toBe(expected);
  });

  test("is not unproven but stopped, when it is stopped again", () => {
    const stopped = stoppedBefore({ namespaces: ["shop"], everywhere: false }, 0);
    expect(unprovenIn(HERE, { after: stopped })).toBe("");
  });

  test("is forgotten with its last policy", () => {
    const namespaces = new Set(["blog"]);
    const look = { pods: [], namespaces, after: GOES_ON, resumed: NOTHING_RESUMED };
    expect(unprovenAfter(HERE, look, NOW).here.size).toBe(0);
  });
});

describe("after a stop of all", () => {
  test("all are unproven from when it goes on, until any pod starts", () => {
    expect(unprovenIn(NONE_UNPROVEN, { resumed: { here: [], everywhere: true } })).toBe(
      "shop blog",
    );
    expect(unprovenIn(EVERYWHERE)).toBe("shop blog");
    expect(unprovenIn(EVERYWHERE, { pods: [started("blog", 1)] })).toBe("");
    const elsewhere = { ...started("blog", 1), isExact: false };
    expect(unprovenIn(EVERYWHERE, { pods: [elsewhere] })).toBe("shop blog");
  });

  test("those whose own pods had waited are proven by their own", () => {
    const both = { ...HERE, everywhere: true };
    expect(unprovenIn(both, { pods: [started("blog", 1)] })).toBe("shop");
  });

  test("another stop of all ends it, one of a single namespace does not", () => {
    const all = stoppedBefore({ namespaces: ["shop"], everywhere: true }, 0);
    expect(unprovenIn(EVERYWHERE, { after: all })).toBe("");
    const one = stoppedBefore({ namespaces: ["shop"], everywhere: false }, 0);
    expect(unprovenIn(EVERYWHERE, { after: one })).toBe("shop blog");
  });
});
