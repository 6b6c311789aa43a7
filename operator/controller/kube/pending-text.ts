/** A text whose end has not come yet. */

/**
 * What everybody may hold of an unfinished text. Ordinary lines and answers are shorter, so none of them waits for
 * another; 64 connections with as much, and one with the largest object, are 76 MiB.
 */
const FREE_BYTES = 1024 * 1024;

/** Resolves when the caller may read on beyond FREE_BYTES, with what says that he holds nothing any more. */
export type ReadOn = () => Promise<() => void>;

/**
 * The pieces that have come. Who has many of them waits for his turn before he takes the next: everybody who may store
 * objects of 1.5 MB in twenty namespaces would otherwise have twenty lines of 9 MB come side by side, more than a
 * container of 256 MiB has room for. Those who wait take nothing from their connections, so the server waits too.
 */
export class PendingText {
  private readonly readOn: ReadOn;
  private parts: Buffer[] = [];
  private leave: (() => void) | undefined;
  bytes = 0;
  constructor(readOn: ReadOn) {
    this.readOn = readOn;
  }

  add(part: Buffer): void {
    this.bytes += part.length;
    this.parts.push(part);
  }

  /** To be awaited before more is taken from where the pieces come from. */
  async mayGrow(): Promise<void> {
    if (this.bytes > FREE_BYTES) this.leave ??= await this.readOn();
  }

  /** The whole text; nothing of it is held afterwards. */
  take(): string {
    const text = Buffer.concat(this.parts).toString("utf8");
    this.drop();
    return text;
  }

  /** Gives up what has come, and the turn. In any case to be called in the end, or nobody would read on again. */
  drop(): void {
    this.parts = [];
    this.bytes = 0;
    this.leave?.();
    this.leave = undefined;
  }
}
