/** What is kept of a namespace: what decides about its pods. */
import { keptLabels, keptText } from "../../api/kept.ts";
import { INJECT_LABEL, NAMESPACE_NAME_LABEL } from "../../api/names.ts";
import { NAMESPACE_ANNOTATIONS } from "../../inject/platform-annotations.ts";
import type { KubeObject } from "./kube-object.ts";
import type { OnTooWide } from "./too-wide-log.ts";

/** Longest annotation that is kept: the cache holds every namespace, and a list of ports is far shorter. */
const ANNOTATION_MAX_LENGTH = 1_024;

/** A namespace, cut down. */
export interface NamespaceRecord {
  name: string;
  /** Of one with more labels than are kept, the one that the API server gave it. */
  labels: Readonly<Record<string, string>>;
  /** Carries the label that opts it out of injection. */
  optedOut: boolean;
  /** Those of NAMESPACE_ANNOTATIONS that it has. */
  annotations: Readonly<Record<string, string>>;
}

interface Metadata {
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}

/** Cuts a namespace down. */
export function projectNamespace(object: KubeObject, onTooWide: OnTooWide): NamespaceRecord {
  const { name } = object.metadata;
  const { labels, annotations = {} } = object.metadata as Metadata;
  const kept = keptLabels(labels);
  if (!kept) onTooWide({ name });
  const texts = NAMESPACE_ANNOTATIONS.map((key) => [
    key,
    keptText(annotations[key], ANNOTATION_MAX_LENGTH),
  ]);
  return {
    name,
    labels: kept ?? { [NAMESPACE_NAME_LABEL]: name },
    optedOut: labels?.[INJECT_LABEL] === "false",
    annotations: Object.fromEntries(texts.filter(([, text]) => text !== undefined)),
  };
}
