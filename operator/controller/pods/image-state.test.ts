import { describe, expect, test } from "@jest/globals";
import { imageState } from "./image-state.ts";

const IMAGE = "registry.example/healthpolicy/sidecar:1";
const waiting = (reason: string) => ({ state: { waiting: { reason } } });

describe("imageState", () => {
  test.each([
    "ErrImagePull",
    "ImagePullBackOff",
    "ErrImageNeverPull",
    "InvalidImageName",
    "ImageInspectError",
    "RegistryUnavailable",
    "SignatureValidationFailed",
  ])("waits for the very image, or for that of a mirror: %s", (reason) => {
    expect(imageState(IMAGE, waiting(reason), IMAGE)).toBe("Waiting");
    expect(imageState("mirror.example/sidecar:1", waiting(reason), IMAGE)).toBe("WaitingElsewhere");
  });

  test.each([
    "PodInitializing",
    "ContainerCreating",
    "CrashLoopBackOff",
    "CreateContainerError",
    "",
  ])("waits for something else: %s", (reason) => {
    expect(imageState(IMAGE, waiting(reason), IMAGE)).toBeUndefined();
  });

  test("has the image when it runs, from whichever registry", () => {
    const running = { state: { running: {} } };
    expect(imageState(IMAGE, running, IMAGE)).toBe("Pulled");
    expect(imageState("mirror.example/sidecar:1", running, IMAGE)).toBe("Pulled");
  });

  test("another version says nothing about this one, and no status says nothing", () => {
    const other = "registry.example/healthpolicy/sidecar:0";
    expect(imageState(other, waiting("ErrImagePull"), IMAGE)).toBeUndefined();
    expect(imageState(other, { state: { running: {} } }, IMAGE)).toBeUndefined();
    expect(imageState(IMAGE, undefined, IMAGE)).toBeUndefined();
    expect(imageState(IMAGE, {}, IMAGE)).toBeUndefined();
  });
});
