/**
 * One JSON object per line on standard output. A logging library costs more memory than the rest of
 * the sidecar's own code, in every pod.
 */

/** How much a line matters. */
export type LogLevel = "info" | "warn" | "error";

/** What a line may carry: reasons, names, numbers. Never an error object or a driver's text. */
export type LogFields = Record<string, string | number | boolean | undefined>;

/** Writes one line: level, message, fields. Does not throw. */
export type Log = (level: LogLevel, message: string, fields?: LogFields) => void;

/** A log whose lines go to `write`, each with its line feed. */
export function createLog(write: (line: string) => void): Log {
  return (level, msg, fields) => {
    write(`${JSON.stringify({ level, time: new Date().toISOString(), msg, ...fields })}\n`);
  };
}
