/** Reads a file whose writer is not trusted with our memory. */
import { open } from "node:fs/promises";

/** The file is longer than its reader allows. */
export class TooLongError extends Error {
  readonly code = "TooLong";
}

/**
 * All bytes of the file, or undefined when there is none. Rejects with TooLongError when it holds
 * more than `maximumBytes`, and with the system's error when it cannot be read.
 */
export async function readBounded(path: string, maximumBytes: number): Promise<Buffer | undefined> {
  try {
    await using file = await open(path);
    const { size } = await file.stat();
    if (size > maximumBytes) throw new TooLongError();
    const buffer = Buffer.alloc(size);
    const { bytesRead } = await file.read(buffer, 0, size, 0);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}
