/** By which addresses others know this pod. */
import { networkInterfaces } from "node:os";

/**
 * Those of every interface, loopback among them. None where the system does not tell, as under a profile that denies
 * netlink: a policy must not be ignored for that. `list` is networkInterfaces unless a test has another.
 */
export function addressesOfThisPod(
  list: () => ReturnType<typeof networkInterfaces> = networkInterfaces,
): string[] {
  try {
    return Object.values(list()).flatMap((ones) => (ones ?? []).map(({ address }) => address));
  } catch {
    return [];
  }
}
