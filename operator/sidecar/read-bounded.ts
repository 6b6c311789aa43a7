/** Reads a file whose writer is not trusted with our memory. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";

/** The file is longer than its reader allows. */
export class TooLongError extends Error {
  readonly code = "TooLong";
}

/**
 * All bytes of the file, or undefined when there is none. Throws TooLongError when it holds more than
 * `maximumBytes`, and the system's error when it cannot be read.
 *
 * At once, without a helper thread: what a pod mounts of ConfigMaps and Secrets lies in memory, so that the
 * four calls below never wait for a disk. By way of a thread each of them cost more than all of them do here,
 * and waited behind whatever else the threads had to do.
 */
export function readBounded(path: string, maximumBytes: number): Buffer | undefined {
  const file = openIfThere(path);
  if (file === undefined) return undefined;
  try {
    const { size } = fstatSync(file);
    if (size > maximumBytes) throw new TooLongError();
    const buffer = Buffer.alloc(size);
    return buffer.subarray(0, readSync(file, buffer, 0, size, 0));
  } finally {
    closeSync(file);
  }
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, "r");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}
