import { expect, test } from "@jest/globals";
import { type NewPodFacts, newPods } from "./new-pods.ts";
import type { Programmed } from "./status.ts";

/** What is known where a webhook that has listed the namespace for long is reached. */
function facts(overrides: Partial<NewPodFacts> = {}): NewPodFacts {
  return {
    excluded: false,
    optedOut: false,
    webhookReach: { state: "reachable" },
    listedForMilliseconds: 5_000,
    ...overrides,
  };
}

const message = "Look at it.";
const waiting: Programmed = { state: "waiting", message };
const edit: Programmed = { state: "refused", stands: true, message };
const unreachable: Programmed = { state: "unreachable", message };
const unknown = { webhookReach: { state: "unknown" as const, message } };
const unlisted = { listedForMilliseconds: undefined };
const unwritten = { webhookUnwritten: "403" };
const HELD_BACK: Programmed[] = [
  { state: "imageNotPulled", message },
  { state: "blocked", message },
  { state: "refused", stands: false, message },
];
const IN_FORCE: Programmed[] = [{ state: "yes" }, waiting, edit];

test.each(IN_FORCE)("get it: $state", (programmed) => {
  expect(newPods(programmed, facts())).toBe("injected");
});

test.each(HELD_BACK)("get it later: $state", (programmed) => {
  expect(newPods(programmed, facts())).toBe("injectedLater");
});

test.each([waiting, edit])("get it once the webhook is reached: $state", (programmed) => {
  expect(newPods(programmed, facts({ webhookReach: unreachable }))).toBe("injectedLater");
  expect(newPods(programmed, facts(unknown))).toBe("injectedLater");
});

test("get it once the webhook is reached of which the last leader said that it is not", () => {
  expect(newPods(unreachable, facts(unknown))).toBe("injectedLater");
});

test("get it as before while nothing is known of a webhook that was reached", () => {
  expect(newPods({ state: "yes" }, facts({ ...unknown, ...unlisted, ...unwritten }))).toBe(
    "injected",
  );
});

test("get it once the webhook's configuration is written, and nobody refuses that", () => {
  expect(newPods(waiting, facts(unlisted))).toBe("injected");
  expect(newPods(waiting, facts({ ...unlisted, ...unwritten }))).toBe("injectedLater");
  expect(newPods(waiting, facts(unwritten))).toBe("injected");
});

test.each([...IN_FORCE, ...HELD_BACK, unreachable, { state: "excluded" as const, message }])(
  "never get it in a namespace that no webhook reaches: $state",
  (programmed) => {
    expect(newPods(programmed, facts({ optedOut: true }))).toBe("never");
    expect(newPods(programmed, facts({ excluded: true }))).toBe("never");
  },
);
