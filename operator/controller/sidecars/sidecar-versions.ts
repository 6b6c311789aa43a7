/** Which versions of the sidecar run, and in how many pods. Pure. */
import type { ImageVersion } from "../../inject/is-sidecar.ts";
import type { PodRecord } from "../pods/pod-record.ts";

/** Versions that are told apart. An upgrade has two; anybody who creates pods can make more. */
export const MOST_VERSIONS = 20;

/** What stands for the rest, and for what is no tag or digest. */
const OTHER = "other";

// As the specification of OCI distribution has a tag, and that of images the digest that registries use.
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** How many pods have a version. */
export interface VersionCount {
  /** Empty where the image states none. */
  tag: string;
  digest: string;
  pods: number;
}

function labelsOf({ tag = "", digest = "" }: ImageVersion): Omit<VersionCount, "pods"> {
  const isTag = tag === "" || TAG.test(tag);
  const isDigest = digest === "" || DIGEST.test(digest);
  // The text is what the pod's author has written: it must not get into a metric.
  return isTag && isDigest ? { tag, digest } : { tag: OTHER, digest: "" };
}

/**
 * The versions of the sidecars in these pods, the most frequent first. With more than MOST_VERSIONS the rest
 * is one entry with the tag `other`.
 */
export function sidecarVersions(pods: Iterable<Pick<PodRecord, "sidecar">>): VersionCount[] {
  const counts = new Map<string, VersionCount>();
  const add = (labels: Omit<VersionCount, "pods">, pods: number) => {
    const key = `${labels.tag}@${labels.digest}`;
    const count = counts.get(key) ?? { ...labels, pods: 0 };
    count.pods += pods;
    counts.set(key, count);
  };
  for (const { sidecar } of pods) {
    if (sidecar) add(labelsOf(sidecar.version ?? {}), 1);
  }
  const byPods = [...counts.values()].sort((a, b) => b.pods - a.pods);
  for (const { tag, digest, pods } of byPods.slice(MOST_VERSIONS)) {
    counts.delete(`${tag}@${digest}`);
    add({ tag: OTHER, digest: "" }, pods);
  }
  return [...counts.values()].sort((a, b) => b.pods - a.pods);
}
