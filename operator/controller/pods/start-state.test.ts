import { describe, expect, test } from "@jest/globals";
import { type StartStatus, startState } from "./start-state.ts";

const IMAGE = "registry.example/healthpolicy/sidecar:1";
const MIRROR = "mirror.example/sidecar:1";
const waiting = (reason: string): StartStatus => ({ state: { waiting: { reason } } });
const RUNNING: StartStatus = { state: { running: {} } };
const ENDED: StartStatus = { state: { terminated: {} } };
const CRASHED: StartStatus = {
  ...waiting("CrashLoopBackOff"),
  lastState: { terminated: {} },
  restartCount: 3,
};
const NO_TURN: StartStatus = { ...waiting("PodInitializing"), lastState: {}, restartCount: 0 };

interface Others {
  before?: StartStatus[];
  after?: StartStatus[];
  app?: StartStatus[];
}

/** Of a pod with our container in that state, and other containers, of which the app's has had no turn by default. */
function stateOf(
  own: StartStatus,
  { before = [], after = [], app = [NO_TURN] }: Others = {},
  image = IMAGE,
) {
  const ours = { name: "healthpolicy-sidecar", ...own };
  const named = (statuses: StartStatus[], name: string) =>
    statuses.map((status, index) => ({ name: `${name}-${index}`, ...status }));
  const initContainerStatuses = [...named(before, "before"), ours, ...named(after, "after")];
  const containerStatuses = named(app, "app");
  return startState(image, { initContainerStatuses, containerStatuses }, IMAGE);
}

describe("waits for the image", () => {
  test.each([
    "ErrImagePull",
    "ImagePullBackOff",
    "ErrImageNeverPull",
    "InvalidImageName",
    "ImageInspectError",
    "RegistryUnavailable",
    "SignatureValidationFailed",
  ])("the very one, or that of a mirror, whether the app has run or not: %s", (reason) => {
    expect(stateOf(waiting(reason))).toBe("Waiting");
    expect(stateOf(waiting(reason), {}, MIRROR)).toBe("Waiting");
    expect(stateOf(waiting(reason), { app: [RUNNING] })).toBe("Waiting");
  });
});

describe("has the image, from whichever registry", () => {
  const failing: [string, StartStatus][] = [
    ["backs off", CRASHED],
    ["ended just now, and has not been started again yet", ENDED],
    ...[
      "CrashLoopBackOff",
      "CreateContainerConfigError",
      "CreateContainerError",
      "PreCreateHookError",
      "PreStartHookError",
      "PostStartHookError",
      "RunContainerError",
    ].map((reason): [string, StartStatus] => [reason, waiting(reason)]),
  ];

  test.each(failing)("and does not start: %s", (_what, own) => {
    expect(stateOf(own)).toBe("NotStarting");
    expect(stateOf(own, {}, MIRROR)).toBe("NotStarting");
    expect(stateOf(own, { before: [ENDED], after: [NO_TURN] })).toBe("NotStarting");
    expect(stateOf(own, { app: [] })).toBe("NotStarting");
  });

  test.each(failing)("and has let the pod start before it crashed: %s", (_what, own) => {
    expect(stateOf(own, { app: [NO_TURN, RUNNING] })).toBe("Started");
    expect(stateOf(own, { after: [ENDED, NO_TURN] })).toBe("Started");
  });

  test("and runs, which says no more before something after it has had its turn", () => {
    for (const own of [RUNNING, { ...RUNNING, ...CRASHED, state: { running: {} } }]) {
      expect(stateOf(own)).toBe("Running");
      expect(stateOf(own, { before: [RUNNING], after: [NO_TURN] })).toBe("Running");
      expect(stateOf(own, {}, MIRROR)).toBe("Running");
      expect(stateOf(own, { app: [RUNNING] })).toBe("Started");
    }
  });

  test.each<[string, StartStatus, boolean]>([
    ["runs", RUNNING, true],
    ["has ended", ENDED, true],
    ["ended before, and waits after a restart of its node", { ...NO_TURN, restartCount: 1 }, true],
    ["ended before", { ...NO_TURN, lastState: { terminated: {} } }, true],
    ["cannot get its own image", waiting("ErrImagePull"), true],
    ["crashes itself", CRASHED, true],
    ["waits for the init containers", NO_TURN, false],
    ["is about to be made", waiting("ContainerCreating"), false],
    ["is made and not started", { state: { waiting: {} } }, false],
    ["has no state yet", {}, false],
  ])("and its app %s: it has had its turn, or not", (_what, app, had) => {
    expect(stateOf(RUNNING, { app: [app] })).toBe(had ? "Started" : "Running");
    expect(stateOf(CRASHED, { app: [app] })).toBe(had ? "Started" : "NotStarting");
  });
});

describe("says nothing", () => {
  test.each(["PodInitializing", "ContainerCreating", "RestartingAllContainers", ""])(
    "waiting with the reason %p, whether the app has run or not",
    (reason) => {
      expect(stateOf(waiting(reason))).toBeUndefined();
      expect(stateOf(waiting(reason), { app: [RUNNING] })).toBeUndefined();
    },
  );

  test("without a status, or of another version", () => {
    const other = "registry.example/healthpolicy/sidecar:0";
    for (const own of [waiting("ErrImagePull"), CRASHED, RUNNING]) {
      expect(stateOf(own, {}, other)).toBeUndefined();
    }
    expect(startState(IMAGE, undefined, IMAGE)).toBeUndefined();
    expect(startState(IMAGE, {}, IMAGE)).toBeUndefined();
    expect(startState(IMAGE, { containerStatuses: [RUNNING] }, IMAGE)).toBeUndefined();
  });
});
