/**
 * Which Secret keys the policy in force names, so that what one held that it names no more takes no room. Apart from
 * authorities.ts, which is loaded with TLS on first use.
 */
import { type PolicyFile, type SecretKeyReference, secretKeys } from "../../../api/policy-file.ts";

/** What keys are told apart by. */
export function keyName({ secretName, key }: SecretKeyReference): string {
  return `${secretName}/${key}`;
}

let named: ReadonlySet<string> = new Set();

/** Takes a policy into force, or none. */
export function nameKeysOf(policy: PolicyFile | undefined): void {
  named = new Set(policy?.dependencies.flatMap(secretKeys).map(keyName));
}

/** Whether the policy in force names the key of this name. */
export function isNamed(name: string): boolean {
  return named.has(name);
}
