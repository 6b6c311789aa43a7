/** What is counted of a call to the API server. */
const VERBS = { POST: "create", PUT: "update", PATCH: "patch" } as const;

/** Method of HTTP. */
export type Method = "GET" | keyof typeof VERBS;

/** Verb as RBAC has it, but for lists, which count as `get`. */
export type Verb = "get" | "watch" | (typeof VERBS)[keyof typeof VERBS];

/** A call that has ended, or whose answer has begun. */
export interface ApiCall {
  verb: Verb;
  /** HTTP status; undefined where no answer came, also of a call that the caller has ended himself. */
  code: number | undefined;
}

/** What of a request tells its verb. */
interface Asked {
  method: Method;
  query?: Record<string, string>;
}

/** The verb of a request. */
export function verbOf({ method, query }: Asked): Verb {
  if (method !== "GET") return VERBS[method];
  return query?.watch === "true" ? "watch" : "get";
}
