/** Whether what a policy file says of pods is known, and for how long that holds. */
export interface PodsNews {
  /** Nothing is known of the pods yet: what stands in the policy file is better. */
  unknown: boolean;
  /** Milliseconds after which something else may be told, where there is something; Infinity where not. */
  againMilliseconds: number;
}
