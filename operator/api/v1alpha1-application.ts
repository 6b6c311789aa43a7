/** What a HealthPolicy, or the defaults of a ClusterHealthPolicy, may ask of the app's own containers. */
import { z } from "zod";
import { describe } from "./v1alpha1-fields.ts";

/** What becomes of the probes that the app's containers bring along. */
export const APPLICATION_PROBES = ["Keep", "Align"] as const;
/** One of APPLICATION_PROBES. */
export type ApplicationProbes = (typeof APPLICATION_PROBES)[number];

/** What counts where neither the policy nor a ClusterHealthPolicy says anything. */
export const DEFAULT_APPLICATION_PROBES: ApplicationProbes = "Keep";

/** The schema of `application`; no default, because a ClusterHealthPolicy may supply it. */
export const application = z
  .object({
    probes: z
      .enum(APPLICATION_PROBES)
      .optional()
      .meta(
        describe(
          `Keep: the probes of the app's containers stay as they are. Align: in new pods timeoutSeconds of their readinessProbe and livenessProbe is raised to probe.timeoutSeconds, and periodSeconds to no less than that, but never above maxPeriodSeconds of standards that reach the namespace. No value is lowered, no handler touched and no probe added; startupProbe, init containers and sidecars stay as they are, and so does all in a dry run. A liveness probe that waits longer also restarts a container that hangs later. Built-in default: ${DEFAULT_APPLICATION_PROBES}.`,
        ),
      ),
  })
  .optional()
  .meta(describe("The app's own containers. Unset fields as in timing."));
