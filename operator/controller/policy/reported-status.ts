/** What sidecars say, as a policy's status has it. Pure. */
import type { HealthPolicyStatus } from "../../api/v1alpha1-status.ts";
import type { SidecarReports } from "./sidecar-reports.ts";

/** What the status is made from. */
interface ReportFacts {
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

/** What is known, or what stands while nothing is: a leader that has just begun must not wipe it out. */
export function reportedStatus({ counts, previous, generation }: ReportFacts): ReportedStatus {
  if (counts.reports) return fromReports(counts.reports);
  if (previous?.observedGeneration !== generation) return { pods: {} };
  const { wouldBeUnready, asked, unknown } = previous.pods ?? {};
  return {
    pods: withoutUnset({ wouldBeUnready, asked, unknown }),
    ...withoutUnset({ dependencies: previous.dependencies }),
  };
}
