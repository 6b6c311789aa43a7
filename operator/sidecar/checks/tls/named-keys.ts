/**
 * Which Secret keys the policy in force names, so that what one held that it names no more takes no room. Apart from
 * authorities.ts, which is loaded with TLS on first use. A variable of the module, as checks know nothing of the
 * policy.
 */
import { keyName, type PolicyFile, secretKeys } from "../../../api/policy-file.ts";

let named: ReadonlySet<string> = new Set();

/** Takes a policy into force, or none. */
export function nameKeysOf(policy: PolicyFile | undefined): void {
  named = new Set(policy?.dependencies.flatMap(secretKeys).map(keyName));
}

/** Whether the policy in force names the key of this name. */
export function isNamedByPolicy(name: string): boolean {
  return named.has(name);
}
