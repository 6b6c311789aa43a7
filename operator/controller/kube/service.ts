/** What is kept of a Service: enough to know the pods behind it. */
import type { ServiceRecord } from "../../api/circular-dependency.ts";
import type { KubeObject } from "./kube-object.ts";

interface ServiceSpec {
  type?: string;
  clusterIP?: string;
  selector?: Record<string, string>;
}

/** Cuts a Service down. One that selects no pods is not kept, nor one that is another name for something outside. */
export function projectService(object: KubeObject): ServiceRecord | undefined {
  const { metadata, spec = {} } = object as KubeObject & { spec?: ServiceSpec };
  const { selector = {}, clusterIP, type } = spec;
  if (type === "ExternalName" || Object.keys(selector).length === 0) return undefined;
  const { namespace = "", name } = metadata;
  return { namespace, name, selector, headless: clusterIP === "None" };
}
