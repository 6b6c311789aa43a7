/** The resources that this product defines, and the columns that `kubectl get` prints of each. */
import type { z } from "zod";
import { CLUSTER_HEALTH_POLICIES, HEALTH_POLICIES } from "./names.ts";
import { healthPolicySchema } from "./v1alpha1.ts";
import { clusterHealthPolicySchema } from "./v1alpha1-cluster.ts";

/** A column of `kubectl get`; one of priority 1 is printed with `-o wide` only. */
interface PrinterColumn {
  name: string;
  type: "string" | "integer" | "date";
  jsonPath: string;
  description?: string;
  priority?: number;
}

/** One resource, as its CustomResourceDefinition and its reference page are made from it. */
export interface Resource {
  kind: string;
  plural: string;
  shortName: string;
  scope: "Namespaced" | "Cluster";
  /** `spec` and `status`, without apiVersion, kind and metadata. */
  schema: z.ZodType;
  printerColumns: readonly PrinterColumn[];
}

const conditionPath = (type: string, field: string) =>
  `.status.conditions[?(@.type=="${type}")].${field}`;

const AGE: PrinterColumn = {
  name: "Age",
  type: "date",
  jsonPath: ".metadata.creationTimestamp",
};

/** What a team writes for its app. */
export const HEALTH_POLICY: Resource = {
  kind: "HealthPolicy",
  plural: HEALTH_POLICIES,
  shortName: "hpol",
  scope: "Namespaced",
  schema: healthPolicySchema,
  printerColumns: [
    { name: "Ready", type: "string", jsonPath: conditionPath("Ready", "status") },
    {
      name: "Reason",
      type: "string",
      jsonPath: ".status.reason",
      description: "The dependency that makes pods unready, or the reason of condition Ready.",
    },
    {
      name: "Pods",
      type: "string",
      jsonPath: ".status.pods.summary",
      description: "Injected/matched.",
    },
    { name: "Unready", type: "integer", jsonPath: ".status.pods.unready" },
    AGE,
    { name: "Mode", type: "string", jsonPath: ".status.effective.mode", priority: 1 },
    {
      name: "Would-Be-Unready",
      type: "integer",
      jsonPath: ".status.pods.wouldBeUnready",
      description: "Of a dry run: pods that would be unready if it were enforced.",
      priority: 1,
    },
    {
      name: "Unready-Within",
      type: "string",
      jsonPath: ".status.bounds.unreadyWithin",
      priority: 1,
    },
    {
      name: "Dependencies",
      type: "string",
      jsonPath: ".status.dependenciesSummary",
      priority: 1,
    },
  ],
};

/** What a platform team writes for many namespaces. */
export const CLUSTER_HEALTH_POLICY: Resource = {
  kind: "ClusterHealthPolicy",
  plural: CLUSTER_HEALTH_POLICIES,
  shortName: "chpol",
  scope: "Cluster",
  schema: clusterHealthPolicySchema,
  printerColumns: [
    { name: "Enforcement", type: "string", jsonPath: ".spec.standards.enforcement" },
    { name: "Namespaces", type: "integer", jsonPath: ".status.namespaces" },
    { name: "Workloads", type: "integer", jsonPath: ".status.coverage.workloads" },
    { name: "Compliant", type: "integer", jsonPath: ".status.coverage.compliant" },
    { name: "Violations", type: "integer", jsonPath: ".status.coverage.violationsTotal" },
    AGE,
  ],
};

/** All of them. */
export const RESOURCES: readonly Resource[] = [HEALTH_POLICY, CLUSTER_HEALTH_POLICY];
