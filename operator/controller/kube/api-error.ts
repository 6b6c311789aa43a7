/** What can be wrong with an answer of the API server. */

/**
 * Characters of each text of an answer, which logs print. The API server hands on what policy engines and other
 * webhooks say, and those may quote the whole object that they refuse.
 */
const MAX_TEXT_LENGTH = 2_048;
/** Paths of fields that are kept; one is longer only where it names a key of a map. */
const MAX_FIELDS = 16;
const MAX_FIELD_LENGTH = 256;

/** An answer that is longer than will be read: a list has to be asked for in smaller pages. */
export class AnswerTooLarge extends Error {}

/** An answer other than 2xx. */
export class ApiError extends Error {
  readonly code: number;
  readonly reason: string;
  /** Paths of the fields that the server names as the cause, such as `metadata.uid`. */
  readonly fields: readonly string[];
  /** Seconds that the server asks to wait, from Retry-After. */
  readonly retryAfterSeconds: number | undefined;
  constructor(doing: string, answer: { code: number; body: string; retryAfter?: string }) {
    const status = parseStatus(answer.body);
    super(`while ${doing}: ${answer.code} ${status.reason}: ${status.message}`);
    this.name = "ApiError";
    this.code = answer.code;
    this.reason = status.reason;
    this.fields = status.fields;
    const seconds = Number(answer.retryAfter);
    this.retryAfterSeconds = Number.isFinite(seconds) && seconds > 0 ? seconds : undefined;
  }
}

/** Whether an error is an answer of the API server with this HTTP status. */
export function isApiError(error: unknown, code: number): boolean {
  return error instanceof ApiError && error.code === code;
}

/**
 * Whether it can be the answer to a write of an object that was deleted, or made anew with another uid, since it was
 * read: 404, 409 to an apply, and 422 to a JSON patch whose `test` fails.
 */
export function isAnswerToReplaced(error: unknown): boolean {
  return [404, 409, 422].some((code) => isApiError(error, code));
}

interface Status {
  reason?: unknown;
  message?: unknown;
  details?: { causes?: unknown };
}

function fieldsOf({ details }: Status): string[] {
  const causes: unknown = details?.causes;
  if (!Array.isArray(causes)) return [];
  const fields = causes.map((cause: { field?: unknown } | null) => cause?.field);
  const texts = fields.filter((field) => typeof field === "string");
  return texts.filter(({ length }) => length <= MAX_FIELD_LENGTH).slice(0, MAX_FIELDS);
}

/** The API server's Status object; anything else (a proxy's page) is not repeated. */
function parseStatus(body: string): { reason: string; message: string; fields: string[] } {
  try {
    const status = JSON.parse(body) as Status;
    return {
      reason: String(status.reason ?? "Unknown").slice(0, MAX_TEXT_LENGTH),
      message: String(status.message ?? "").slice(0, MAX_TEXT_LENGTH),
      fields: fieldsOf(status),
    };
  } catch {
    return { reason: "Unknown", message: "the answer is not a Status", fields: [] };
  }
}
