/** Dependencies of a policy for tests. */
import type { Impact, MaxUnready } from "../../../api/policy-file.ts";
import { TIMING } from "../../../api/testing/timing.ts";
import type { Timing } from "../../../api/timing.ts";
import { type DeclaredDependencies, declaredDependencies } from "../declared-dependencies.ts";

interface Rest {
  host?: string;
  timing?: Timing;
  maxUnready?: MaxUnready | undefined;
}

/** These, with their impacts, all of them at one host, and with the rest of their policy. */
export function declaredOf(
  impacts: Record<string, Impact>,
  { host = "db", timing = TIMING, maxUnready }: Rest = {},
): DeclaredDependencies {
  const dependencies = Object.entries(impacts).map(([name, impact]) => ({
    name,
    type: "tcp",
    impact,
    tcp: { host, port: 5432 },
  }));
  return declaredDependencies({ dependencies, timing, ...(maxUnready && { maxUnready }) });
}

/** Edits that let pods go which `orders-db` held as a gate: what each does, and the dependencies after it. */
export const LETTING_GO: [string, DeclaredDependencies][] = [
  ["observes it", declaredOf({ "orders-db": "Observe" })],
  ["asks for it at the start alone", declaredOf({ "orders-db": "Startup" })],
  ["has it no more", new Map()],
  ["names another host", declaredOf({ "orders-db": "Gate" }, { host: "another-db" })],
  ["has a fleet limit now", declaredOf({ "orders-db": "Gate" }, { maxUnready: { percent: 50 } })],
  [
    "gives it more time",
    declaredOf(
      { "orders-db": "Gate" },
      { timing: { ...TIMING, checkTimeoutMilliseconds: 9_000, intervalMilliseconds: 10_000 } },
    ),
  ],
];
