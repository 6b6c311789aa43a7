/** What a pod becomes under a policy. Pure: the same pod, policy and settings give the same answer. */
import type { EffectivePolicy } from "../api/effective-policy.ts";
import { align } from "./align.ts";
import { injectedAnnotations } from "./annotations.ts";
import { withSidecar } from "./container.ts";
import type { Pod } from "./pod.ts";
import { podResources } from "./pod-resources.ts";
import { wasInjected } from "./revision.ts";
import type { InjectSettings } from "./settings.ts";
import type { Skip } from "./skip.ts";
import { sidecarVolumes, withVolumes } from "./volume.ts";
import { ANNOTATIONS_TOO_LARGE, whySkip } from "./why-skip.ts";
import { withoutSidecar } from "./without-sidecar.ts";

/** The injected pod, or why it gets no sidecar; `cleared` is the pod without the one of an earlier call. */
export type Injection = { pod: Pod } | { skip: Skip; cleared?: Pod };

/**
 * Adds the sidecar, its volumes and its annotations to a copy of `pod`, and aligns the app's probes. Parts that stay
 * the same are shared with the original, which is never changed. Injecting the result again gives an equal pod.
 */
export function inject(pod: Pod, policy: EffectivePolicy, settings: InjectSettings): Injection {
  const skip = whySkip(pod, settings);
  if (skip) {
    const cleared = withoutSidecar(pod, skip.reason, settings);
    return cleared ? { skip, cleared } : { skip };
  }
  const annotations = injectedAnnotations(pod, policy, settings);
  if (!annotations) return { skip: ANNOTATIONS_TOO_LARGE };
  const initContainers = withSidecar(pod, policy, settings);
  const resources = podResources(pod, initContainers);
  const containers = [...initContainers, ...(pod.spec?.containers ?? [])];
  const injected: Pod = {
    ...pod,
    metadata: { ...pod.metadata, annotations },
    spec: {
      ...pod.spec,
      ...(resources && { resources }),
      initContainers,
      volumes: withVolumes(pod.spec?.volumes ?? [], sidecarVolumes(policy, containers)),
    },
  };
  // Once: a later call would undo what others have made of the times since.
  return { pod: wasInjected(pod, policy, settings) ? injected : align(injected, policy, settings) };
}
