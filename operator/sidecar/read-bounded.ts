/**
 * Reads a file whose writer is not trusted with our memory. Synchronous: mounted ConfigMaps and Secrets lie in memory,
 * hosts and resolv.conf are small, and libuv's threads cost more than the reads and may be busy hashing.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { ifThere } from "./if-there.ts";

/** The file is longer than its reader allows. */
class TooLongError extends Error {
  readonly code = "TooLong";
}

/**
 * All bytes of the file, or undefined when there is none. Throws an error with the code TooLong when it holds
 * more than `maximumBytes`, and the system's error when it cannot be read.
 */
export function readBounded(path: string, maximumBytes: number): Buffer | undefined {
  return read(path, (size) => {
    if (size > maximumBytes) throw new TooLongError();
    return size;
  });
}

/** As readBounded, but of a longer file the first `maximumBytes`. */
export function readBeginning(path: string, maximumBytes: number): Buffer | undefined {
  return read(path, (size) => Math.min(size, maximumBytes));
}

function read(path: string, lengthOf: (size: number) => number): Buffer | undefined {
  const file = ifThere(() => openSync(path, "r"));
  if (file === undefined) return undefined;
  try {
    const length = lengthOf(fstatSync(file).size);
    const buffer = Buffer.alloc(length);
    return buffer.subarray(0, readSync(file, buffer, 0, length, 0));
  } finally {
    closeSync(file);
  }
}
