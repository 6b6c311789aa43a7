/** What goes wrong around the operator, one fault after the other. */
import type { CertificateData } from "../../operator/controller/certificate/certificate-plan.ts";
import { carryOut } from "../../operator/controller/certificate/certificates.ts";
import type { FakeCluster } from "./fake-cluster.ts";
import { dropPort } from "./own-network.ts";

/** A fault. */
export interface OperatorFault {
  name: string;
  /** Begins it; resolves with what ends it. */
  begin(): Promise<() => void>;
}

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/**
 * The steps of a rotation, each made as if so long ago that the next one, which is the operator's, is due: a
 * certificate near its end; a new authority that API servers have trusted for ten minutes, but for some seconds; and
 * its certificate, served for an hour.
 */
const CERTIFICATE_STEPS = [
  { action: "renew-leaf", age: 80 * DAY },
  { action: "rotate-ca", age: 9.8 * MINUTE },
  { action: "renew-leaf", age: 59.8 * MINUTE },
] as const;

/** The faults of a round, in order. */
export function operatorFaults(
  cluster: FakeCluster,
  { round, dnsName }: { round: number; dnsName: string },
): OperatorFault[] {
  const nothing = () => {};
  const step = CERTIFICATE_STEPS[round % CERTIFICATE_STEPS.length] ?? CERTIFICATE_STEPS[0];
  return [
    {
      name: "policy edited",
      begin: async () => {
        cluster.editPolicy();
        return nothing;
      },
    },
    {
      name: `certificate: ${step.action}`,
      begin: async () => {
        const data = cluster.certificate() as Partial<CertificateData>;
        const now = Date.now() - step.age;
        cluster.writeCertificate({ ...(await carryOut(step.action, { data, dnsName, now })) });
        return nothing;
      },
    },
    {
      name: "API server answers 500",
      begin: async () => {
        cluster.failing = true;
        return () => {
          cluster.failing = false;
        };
      },
    },
    {
      name: "watches cut",
      begin: async () => {
        cluster.cutWatches();
        return () => cluster.cutWatches();
      },
    },
    {
      name: "API server is a black hole",
      begin: async () => dropPort(Number(new URL(cluster.url).port)),
    },
    {
      name: "watches end with 410",
      begin: async () => {
        cluster.expireWatches();
        return nothing;
      },
    },
  ];
}
