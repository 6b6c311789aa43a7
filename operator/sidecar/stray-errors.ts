/** What happens to an error that no code of ours caught. */
import type { Log } from "./log.ts";

/** So many stray errors within the window are a loop, no longer late events of dead connections. */
const MAX_STRAY_ERRORS = 20;
const WINDOW_MILLISECONDS = 60_000;

/** The part of a process that is used here. */
export interface ErrorSource {
  on(
    event: "uncaughtException" | "unhandledRejection",
    listener: (error: unknown) => void,
  ): unknown;
  exit(code: number): void;
}

/** Where in the code it happened: the frames of the stack, without the message, which may hold a password. */
function frames(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const lines = error.stack?.split("\n").filter((line) => /^\s+at /.test(line)) ?? [];
  return lines
    .slice(0, 5)
    .map((line) => line.trim())
    .join(" | ");
}

/**
 * Logs stray errors and goes on. They come from a socket that fails after its check has been
 * decided; all that a check leaves behind is its own connection. Ending the program would turn the
 * pod unready for a dead dependency that may be one that must not gate. A loop of errors ends it
 * after all, with status 1: the kubelet then starts it anew, and the app runs on.
 */
export function surviveStrayErrors(source: ErrorSource, log: Log): void {
  let recent: number[] = [];
  const onError = (error: unknown) => {
    const now = performance.now();
    recent = [...recent.filter((time) => now - time < WINDOW_MILLISECONDS), now];
    const { name, code } = (error ?? {}) as { name?: unknown; code?: unknown };
    log("error", "stray error", {
      name: typeof name === "string" ? name : undefined,
      code: typeof code === "string" ? code : undefined,
      at: frames(error),
    });
    if (recent.length > MAX_STRAY_ERRORS) source.exit(1);
  };
  source.on("uncaughtException", onError);
  source.on("unhandledRejection", onError);
}
