/** Test fixture: time that has passed for the program, though no timer fired. */
import { jest } from "@jest/globals";

/** Lets the monotonic clock run ahead by `milliseconds`, until all mocks or the one that is given are restored. */
export function runAhead(milliseconds: number): { mockRestore(): void } {
  const clock = performance.now.bind(performance);
  return jest.spyOn(performance, "now").mockImplementation(() => clock() + milliseconds);
}
