/** What is kept of a Service: enough to know the pods behind it. */
import type { ServiceRecord } from "../../api/circular-dependency.ts";
import { keptLabels } from "../../api/kept.ts";
import type { KubeObject } from "./kube-object.ts";
import type { OnTooWide } from "./too-wide-log.ts";

interface ServiceSpec {
  type?: string;
  clusterIP?: string;
  selector?: Record<string, string>;
}

/**
 * Cuts a Service down. One that selects no pods is not kept, nor one that is another name for something outside, nor
 * one whose selector is more than may be kept: no pod that gets a sidecar has so many labels.
 */
export function projectService(
  object: KubeObject,
  onTooWide: OnTooWide,
): ServiceRecord | undefined {
  const { metadata, spec = {} } = object as KubeObject & { spec?: ServiceSpec };
  const { clusterIP, type } = spec;
  const { namespace = "", name } = metadata;
  const selector = keptLabels(spec.selector);
  if (!selector) {
    onTooWide({ namespace, name });
    return undefined;
  }
  if (type === "ExternalName" || Object.keys(selector).length === 0) return undefined;
  return { namespace, name, selector, headless: clusterIP === "None" };
}
