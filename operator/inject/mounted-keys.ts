/** Which Secret keys a policy needs in a pod. */
import { keyName, type SecretKeyReference, secretKeys } from "../api/policy-file.ts";

/** What of a policy decides the Secret keys: its dependencies. */
type Dependencies = Parameters<typeof secretKeys>[0][];

const byText = (left: string, right: string) => (left < right ? -1 : Number(left > right));

/**
 * The Secret keys that the dependencies name, each once, ordered by Secret and key: an edit that only
 * moves dependencies around must not make pods outdated.
 */
export function mountedKeys(dependencies: Dependencies): SecretKeyReference[] {
  const unique = new Map<string, SecretKeyReference>();
  for (const reference of dependencies.flatMap(secretKeys)) {
    unique.set(keyName(reference), reference);
  }
  return [...unique.values()].sort(
    (left, right) => byText(left.secretName, right.secretName) || byText(left.key, right.key),
  );
}
