/** Test fixture: a machine that takes longer for everything, as far as the CPU of this thread tells. */
import { jest } from "@jest/globals";

/** From now on all CPU counts so many times, until the test restores its mocks. */
export function slowDown(times: number): void {
  const real = process.threadCpuUsage.bind(process);
  jest.spyOn(process, "threadCpuUsage").mockImplementation((before) => {
    const { user, system } = real();
    return {
      user: user * times - (before?.user ?? 0),
      system: system * times - (before?.system ?? 0),
    };
  });
}
