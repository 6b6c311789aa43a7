/** Some of many pods, nearly the same ones each time. Pure. */
import { createHash } from "node:crypto";

function hashOf(name: string): string {
  return createHash("sha256").update(name).digest("base64");
}

/**
 * `most` of the pods at most, in an order of its own. By the hash of its name a sample stays the same while other pods
 * come and go, and for the next leader, and it has old and new pods of a rollout alike.
 */
export function stableSample<P extends { name: string }>(pods: readonly P[], most: number): P[] {
  const hashed = pods.map((pod) => ({ pod, hash: hashOf(pod.name) }));
  hashed.sort((left, right) => (left.hash < right.hash ? -1 : 1));
  return hashed.slice(0, most).map(({ pod }) => pod);
}
