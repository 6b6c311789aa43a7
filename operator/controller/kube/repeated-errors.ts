/** What a log says of an error that comes again and again: its stack once, then its message alone. */

/** An error as a log line takes it; pino writes the stack of an Error. */
export type LoggedError = { err: unknown };

/** Remembers the last message of each failing thing. */
export interface RepeatedErrors {
  /** The fields for `error`, which is about the thing named `key`. */
  fields(key: string, error: unknown): LoggedError;
  /** The thing has succeeded: its next error is new again. */
  forget(key: string): void;
}

/** Remembers nothing yet. Holds one message for each thing that fails now. */
export function createRepeatedErrors(): RepeatedErrors {
  const last = new Map<string, string>();
  return {
    fields: (key, error) => {
      const message = error instanceof Error ? error.message : String(error);
      const repeated = last.get(key) === message;
      last.set(key, message);
      return { err: repeated ? { message } : error };
    },
    forget: (key) => last.delete(key),
  };
}
