/** What sidecars say, as a policy's status has it. Pure. */
import type { EffectivePolicy } from "../../api/effective-policy.ts";
import type { HealthPolicyStatus } from "../../api/v1alpha1-status.ts";
import type { SidecarReports } from "../sidecars/sidecar-reports.ts";
import { sharedFaults } from "./read-status.ts";

/** What the status is made from. */
interface ReportFacts {
  policy: EffectivePolicy;
  generation: number;
  /** `reports` is undefined while no sidecar has been asked that should be. */
  counts: { reports?: SidecarReports | undefined };
  /** The status as it stands. */
  previous: HealthPolicyStatus | undefined;
}

/** Fields of `status.pods`, and `status.dependencies` where one fails. */
export interface ReportedStatus extends Pick<HealthPolicyStatus, "dependencies"> {
  pods: NonNullable<HealthPolicyStatus["pods"]>;
}

/** Without the fields that are undefined: the API server keeps none, and what stands is compared with this. */
function withoutUnset<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}

function fromReports({ asked, unknown, wouldBeUnready, dependencies }: SidecarReports) {
  // An enforced policy has nobody to ask while all its pods are ready.
  const nobody = asked === 0 && wouldBeUnready === undefined;
  return {
    pods: nobody ? {} : withoutUnset({ wouldBeUnready, asked, unknown }),
    ...(dependencies.length > 0 && { dependencies: dependencies.map(withoutUnset) }),
  };
}

/** What stands while nothing is known: a leader that has just begun must not wipe it out. */
function standing({ previous, generation }: ReportFacts): ReportedStatus {
  if (previous?.observedGeneration !== generation) return { pods: {} };
  const { wouldBeUnready, asked, unknown } = previous.pods ?? {};
  return {
    pods: withoutUnset({ wouldBeUnready, asked, unknown }),
    ...withoutUnset({ dependencies: previous.dependencies }),
  };
}

/** With the faults that pods of this policy shared, also before an edit: no pod has said yet that they are over. */
function withStillShared(
  said: HealthPolicyStatus["dependencies"],
  { policy, previous }: ReportFacts,
): HealthPolicyStatus["dependencies"] {
  if (policy.maxUnready === undefined || policy.mode === "DryRun") return said;
  const before = sharedFaults(previous);
  const all = policy.dependencies.flatMap(({ name }) => {
    const then = before.find((dependency) => dependency.name === name);
    const now = said?.find((dependency) => dependency.name === name);
    return then || now ? [{ name, ...then, ...now }] : [];
  });
  return all.length > 0 ? all : undefined;
}

/**
 * What is known, and what stands while nothing is: neither silence nor the first answer says that a shared fault is
 * over.
 */
export function reportedStatus(facts: ReportFacts): ReportedStatus {
  const { reports } = facts.counts;
  const { pods, dependencies } = reports ? fromReports(reports) : standing(facts);
  const failing = reports?.sharedKnown ? dependencies : withStillShared(dependencies, facts);
  return { pods, ...withoutUnset({ dependencies: failing }) };
}
