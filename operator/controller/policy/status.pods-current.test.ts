/** What a status says of pods that do not run what the policy asks for, and how to restart them. */
import { expect, test } from "@jest/globals";
import { policyStatus } from "./status.ts";
import { countsOf } from "./testing/counts-of.ts";
import { factsOf, message, short } from "./testing/status-facts.ts";

test("without pods it is ready all the same", () => {
  const status = policyStatus(factsOf({ counts: countsOf({ matched: 0, injected: 0 }) }));
  expect(short(status)).toMatchObject({ Ready: "True NoPods", PodsCurrent: "True NoPods" });
});

test("with none but opted-out pods it does not say that no pod matches", () => {
  const counts = countsOf({ matched: 0, injected: 0, optedOut: 3 });
  const status = policyStatus(factsOf({ counts }));
  expect(short(status).PodsCurrent).toBe("True NoPods");
  expect(message(status, "PodsCurrent")).toBe(
    "All running pods that the selector matches are opted out, never injected or behind a host of the policy.",
  );
  const none = countsOf({ matched: 0, injected: 0 });
  expect(message(policyStatus(factsOf({ counts: none })), "PodsCurrent")).toBe(
    "No running pod matches the selector.",
  );
});

test("pods that predate it: ready, and the command that restarts them", () => {
  const counts = countsOf({ injected: 1, predating: ["deployment/web", "statefulset/db"] });
  const status = policyStatus(factsOf({ counts }));
  expect(short(status)).toMatchObject({
    Ready: "True Ready",
    PodsCurrent: "False PodsPredatePolicy",
  });
  expect(message(status, "PodsCurrent")).toBe(
    "2 of 3 matching pods run without the sidecar. Restart them: " +
      "kubectl rollout restart deployment/web statefulset/db -n shop",
  );
});

test("pods without the sidecar and outdated ones are both told of, with what restarts them all", () => {
  const both = {
    matched: 6,
    injected: 2,
    outdated: 2,
    predating: ["deployment/web", "statefulset/db"],
    outdatedWorkloads: ["deployment/api", "deployment/web"],
  };
  const status = policyStatus(factsOf({ counts: countsOf(both) }));
  expect(short(status).PodsCurrent).toBe("False PodsPredatePolicy");
  expect(message(status, "PodsCurrent")).toBe(
    "4 of 6 matching pods run without the sidecar. 2 of 6 pods run what an earlier policy asked for. " +
      "Restart them: kubectl rollout restart deployment/api deployment/web statefulset/db -n shop",
  );
  const bare = { ...both, predating: [], outdatedWorkloads: [] };
  const advice = (areMade: Partial<Parameters<typeof countsOf>[0]>) =>
    message(policyStatus(factsOf({ counts: countsOf({ ...bare, ...areMade }) })), "PodsCurrent");
  expect(advice({ predatingAreMade: true })).toContain("Delete and create them again.");
  expect(advice({ outdatedAreMade: true })).toContain("Delete and create them again.");
  expect(advice({ predatingAreMade: true, outdatedAreMade: true })).toContain(
    "Restart them by what makes them",
  );
});

test("pods that were opted out while they run are told from outdated ones: a restart need not help", () => {
  const counts = { left: 3, outdated: 4, leftOptedOut: 3, outdatedWorkloads: ["deployment/web"] };
  const optedOut =
    '3 of 6 pods have the sidecar although their label healthpolicy.dev/inject: "false" opts them out; ' +
    "a restart takes it out only where the pod template has the label.";
  const status = policyStatus(factsOf({ counts: countsOf(counts) }));
  expect(message(status, "PodsCurrent")).toBe(
    `1 of 6 pods run what an earlier policy asked for. ${optedOut} ` +
      "Restart them: kubectl rollout restart deployment/web -n shop",
  );
  const alone = policyStatus(factsOf({ counts: countsOf({ ...counts, outdated: 3 }) }));
  expect(short(alone).PodsCurrent).toBe("False PodsOutdated");
  expect(message(alone, "PodsCurrent")).toMatch(/^3 of 6 pods have the sidecar although/);
});

test("bare pods cannot be restarted by a command", () => {
  const status = policyStatus(factsOf({ counts: countsOf({ injected: 0 }) }));
  expect(message(status, "PodsCurrent")).toBe(
    "3 of 3 matching pods run without the sidecar. Delete and create them again.",
  );
});

test("pods of controllers that no command restarts are not to be deleted together", () => {
  const missing = countsOf({ injected: 0, predatingAreMade: true });
  expect(message(policyStatus(factsOf({ counts: missing })), "PodsCurrent")).toBe(
    "3 of 3 matching pods run without the sidecar. " +
      "Restart them by what makes them, or delete them one at a time.",
  );
  const outdated = countsOf({ outdated: 2, outdatedAreMade: true });
  expect(message(policyStatus(factsOf({ counts: outdated })), "PodsCurrent")).toBe(
    "2 of 3 pods run what an earlier policy asked for. " +
      "Restart them by what makes them, or delete them one at a time.",
  );
});

test("while new pods get no sidecar, a restart is for later", () => {
  const said = (overrides: Partial<Parameters<typeof countsOf>[0]>) =>
    message(
      policyStatus(
        factsOf({ newPods: "injectedLater", counts: countsOf({ injected: 0, ...overrides }) }),
      ),
      "PodsCurrent",
    );
  expect(said({ predating: ["deployment/web"] })).toBe(
    "3 of 3 matching pods run without the sidecar. " +
      "Restart them once Programmed is True: kubectl rollout restart deployment/web -n shop",
  );
  expect(said({ predatingAreMade: true })).toContain(
    "Restart them once Programmed is True by what makes them, or delete them one at a time.",
  );
  expect(said({})).toContain("Delete and create them again once Programmed is True.");
  expect(said({ injected: 3, outdated: 1, outdatedWorkloads: ["deployment/web"] })).toContain(
    "Restart them once Programmed is True: kubectl rollout restart deployment/web -n shop",
  );
});

test("where new pods never get it, nobody is told to restart those that have it", () => {
  const counts = countsOf({ outdated: 3, outdatedWorkloads: ["deployment/web"] });
  expect(message(policyStatus(factsOf({ newPods: "never", counts })), "PodsCurrent")).toBe(
    "3 of 3 pods run what an earlier policy asked for. " +
      "Do not restart them: new pods of the namespace get no sidecar, and it would be gone.",
  );
});

test("no more than five workloads are named", () => {
  const predating = ["a", "b", "c", "d", "e", "f", "g"].map((name) => `deployment/${name}`);
  const text = message(
    policyStatus(factsOf({ counts: countsOf({ injected: 0, predating }) })),
    "PodsCurrent",
  );
  expect(text).toContain("deployment/e -n shop (and 2 more workloads)");
  expect(text).not.toContain("deployment/f");
  const five = countsOf({ injected: 0, predating: predating.slice(0, 5) });
  expect(message(policyStatus(factsOf({ counts: five })), "PodsCurrent")).toMatch(/-n shop$/);
});

test("outdated pods", () => {
  const counts = countsOf({ outdated: 2, outdatedWorkloads: ["deployment/web"] });
  const status = policyStatus(factsOf({ counts }));
  expect(short(status)).toMatchObject({ Ready: "True Ready", PodsCurrent: "False PodsOutdated" });
  expect(message(status, "PodsCurrent")).toContain("restart deployment/web -n shop");
});

test("pods that it no longer matches but that follow it still: outdated, matched or not", () => {
  const left = { left: 2, outdated: 2, outdatedWorkloads: ["deployment/web"] };
  const none = countsOf({ matched: 0, injected: 0, ...left });
  expect(message(policyStatus(factsOf({ counts: none })), "PodsCurrent")).toContain(
    "2 of 2 pods run what an earlier policy asked for. Restart them: kubectl rollout restart",
  );
  expect(short(policyStatus(factsOf({ counts: none })))).toMatchObject({
    PodsCurrent: "False PodsOutdated",
    Ready: "True NoPods",
  });
  expect(message(policyStatus(factsOf({ counts: countsOf(left) })), "PodsCurrent")).toContain(
    "2 of 5 pods run",
  );
});
