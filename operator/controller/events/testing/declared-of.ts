/** Dependencies of a policy for tests. */
import type { Impact } from "../../../api/policy-file.ts";
import { type DeclaredDependencies, declaredDependencies } from "../declared-dependencies.ts";

/** These, with their impacts, all of them at one host. */
export function declaredOf(impacts: Record<string, Impact>, host = "db"): DeclaredDependencies {
  const dependencies = Object.entries(impacts).map(([name, impact]) => ({
    name,
    type: "tcp",
    impact,
    tcp: { host, port: 5432 },
  }));
  return declaredDependencies({ dependencies });
}

/** Edits that let pods go which `orders-db` held as a gate: what each does, and the dependencies after it. */
export const LETTING_GO: [string, DeclaredDependencies][] = [
  ["observes it", declaredOf({ "orders-db": "Observe" })],
  ["asks for it at the start alone", declaredOf({ "orders-db": "Startup" })],
  ["has it no more", new Map()],
  ["names another host", declaredOf({ "orders-db": "Gate" }, "another-db")],
];
