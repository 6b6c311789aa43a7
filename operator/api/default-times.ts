/** The built-in times: what an unset field of a policy means. Durations as the API takes them. */
export const DEFAULT_TIMES = {
  connectTimeout: "3s",
  checkTimeout: "4s",
  interval: "5s",
  failureThreshold: 2,
  successThreshold: 1,
  periodSeconds: 2,
  timeoutSeconds: 5,
} as const;
