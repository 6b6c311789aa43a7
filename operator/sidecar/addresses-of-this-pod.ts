/** By which addresses others know this pod. */
import { networkInterfaces } from "node:os";

/** At this moment, loopback among them. */
export function addressesOfThisPod(): string[] {
  return Object.values(networkInterfaces()).flatMap((ones) =>
    (ones ?? []).map(({ address }) => address),
  );
}
