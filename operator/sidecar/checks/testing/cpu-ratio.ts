/** Test fixture: how much more one input costs than another one, in the same process. */

/** In microseconds: long enough for kernels that count CPU in steps of one or two milliseconds. */
const MEASURED = 20_000;

/** How many times the CPU of `ordinary` `hostile` takes. Each is run until MEASURED is over, after once to warm up. */
export function cpuRatio(hostile: () => void, ordinary: () => void): number {
  return cpuOf(hostile) / cpuOf(ordinary);
}

/** Of one run, in microseconds. Of this thread alone: the collector of garbage and the compiler have others. */
function cpuOf(work: () => void): number {
  work();
  const before = process.threadCpuUsage();
  let runs = 0;
  let cpu = 0;
  while (cpu < MEASURED) {
    work();
    runs += 1;
    const { user, system } = process.threadCpuUsage(before);
    cpu = user + system;
  }
  return cpu / runs;
}
