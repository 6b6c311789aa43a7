/** Golden pods: what a person reviews when injection changes. */
import { describe, expect, test } from "@jest/globals";
import { inject } from "./inject.ts";
import type { Pod } from "./pod.ts";
import { GOLDEN_CASES, readGolden, writeGolden } from "./testing/golden.ts";
import { SETTINGS } from "./testing/settings.ts";

function injectedPod(pod: Pod, policy: ReturnType<typeof readGolden>["policy"]): Pod {
  const injection = inject(pod, policy, SETTINGS);
  if ("skip" in injection) throw new Error(injection.skip.message);
  return injection.pod;
}

test("there are golden cases", () => {
  expect(GOLDEN_CASES.length).toBeGreaterThanOrEqual(10);
});

describe.each(GOLDEN_CASES)("injecting %s", (name) => {
  if (process.env.UPDATE_GOLDEN === "1") {
    const { pod, policy } = readGolden(name);
    writeGolden(name, injectedPod(pod, policy));
  }
  const { pod, policy, want } = readGolden(name);

  test("gives the golden pod", () => {
    expect(injectedPod(pod, policy)).toStrictEqual(want);
  });

  test("changes nothing the second time", () => {
    expect(injectedPod(want as Pod, policy)).toStrictEqual(want);
  });
});

/** Where others made the pod Guaranteed, or had a token mounted, it is our own container that changes. */
const OURS_CHANGES = ["later-call-guaranteed", "later-call-token-mounted"];
/** Pods after a first call and what others, who refuse a pod that undoes it, changed then. */
const LATER_CALLS = GOLDEN_CASES.filter(
  (name) => name.startsWith("later-call-") && !OURS_CHANGES.includes(name),
);

test.each(LATER_CALLS)("in %s all that others changed stays", (name) => {
  const { pod, want } = readGolden(name);
  // The one thing that a later call adds: the entry by which a credential webhook skips our container.
  const { annotations, ...metadata } = want?.metadata ?? {};
  expect({ ...want, metadata: { ...metadata, annotations: expect.anything() } }).toStrictEqual({
    ...pod,
    metadata: { ...pod.metadata, annotations: expect.anything() },
  });
  expect(annotations).toMatchObject(pod.metadata?.annotations ?? {});
});
