/** Looks whether pods get the sidecar's image, and remembers for which namespaces injection is stopped. */
import type { Logger } from "pino";
import type { PodRecord } from "../policy/pods.ts";
import {
  afterLook,
  examplePod,
  isStopped,
  nextLookAfter,
  type PullHistory,
  type PullingPod,
  resumedUnproven,
  stoppedBefore,
} from "./injection-stop.ts";
import { isAbout, stopMessage } from "./stop-message.ts";

/** A policy, as far as a new leader reads in its status what the last one had stopped. */
interface ReportingPolicy {
  namespace: string;
  status:
    | { conditions?: readonly { type: string; reason: string; message: string }[] | undefined }
    | undefined;
}

/** What looking needs. */
export interface ImagePullsOptions {
  /** The sidecar's image, as new pods get it. */
  image: string;
  /** Namespaces with a policy. */
  namespaces: () => Iterable<string>;
  /** Known pods of a namespace. */
  pods: (
    namespace: string,
  ) => readonly Pick<PodRecord, "uid" | "namespace" | "name" | "created" | "sidecar">[];
  /** The policies as they are; asked for once, at the first look or question. */
  policies: () => Iterable<ReportingPolicy>;
  /** Called when policies say something else. */
  onChange: () => void;
  /** Called as well when it stops in namespaces whose pods wait, and when it goes on in such. */
  onTurn: (change: { isStopped: boolean; waitingIn: readonly string[] }) => void;
  log: Pick<Logger, "error" | "info">;
}

/** What is known of the pulls of the sidecar's image. */
export interface ImagePulls {
  /** Looks at all pods; returns the milliseconds until the next look, if no change of a pod asks for one before. */
  look(): number | undefined;
  /** What a policy of the namespace says, where nothing is injected; undefined where pods are. */
  whyStopped(namespace: string): string | undefined;
  /**
   * Whether injection went on there and no pod that was created since has the image. Such a namespace may be stopped
   * again soon, and a pod that is replaced meanwhile would be lost.
   */
  isUnproven(namespace: string): boolean;
  /** How many of the namespaces with a policy get no sidecar. */
  stoppedNamespaces(): number;
}

/** Namespaces that the last leader has stopped because of this image. */
function reportedStops({ policies, image }: ImagePullsOptions): string[] {
  const stopped = [...policies()].filter(({ status }) =>
    status?.conditions?.some(
      ({ type, reason, message }) =>
        type === "Programmed" && reason === "ImageNotPulled" && isAbout(message, image),
    ),
  );
  return stopped.map(({ namespace }) => namespace);
}

/** Where something is stopped, as a text to compare. */
function whereStopped({ stopped, everywhere }: PullHistory): string {
  return [...stopped.keys(), everywhere ? "and everywhere else" : ""].sort().join(" ");
}

/** What the policies say, as a text to compare. */
function said(history: PullHistory): string {
  const examples = [...history.stopped.keys()].map((one) => examplePod(history, one) ?? "");
  return [whereStopped(history), ...examples].join(" ");
}

/** Has not looked yet. */
export function watchImagePulls(options: ImagePullsOptions): ImagePulls {
  const { image, log } = options;
  let looked: PullHistory | undefined;
  /** Since when, in milliseconds since 1970. */
  const unproven = new Map<string, number>();
  /** Not read before: a leader makes its caches current first. */
  function history(): PullHistory {
    looked ??= stoppedBefore(reportedStops(options), performance.now());
    return looked;
  }

  function pods(): PullingPod[] {
    return [...options.namespaces()].flatMap((namespace) =>
      options
        .pods(namespace)
        .flatMap(({ uid, name, created, sidecar }) =>
          sidecar ? { uid, namespace, name, created, image: sidecar.image } : [],
        ),
    );
  }

  const stoppedNamespaces = () =>
    [...options.namespaces()].filter((namespace) => isStopped(history(), namespace)).length;

  function tell(before: PullHistory, after: PullHistory): void {
    const namespaces = stoppedNamespaces();
    if (namespaces === 0) log.info({ image }, "injection goes on");
    else {
      log.error(
        { image, namespaces },
        "nodes cannot pull the sidecar's image; injection is stopped",
      );
    }
    const added = [...after.stopped.keys()].filter((one) => !before.stopped.has(one));
    if (added.length > 0) options.onTurn({ isStopped: true, waitingIn: added });
    const over = [...before.stopped.keys()].filter((one) => !isStopped(after, one));
    if (over.length > 0) options.onTurn({ isStopped: false, waitingIn: over });
  }

  function forgetProven(known: readonly PullingPod[]): void {
    const withPolicy = new Set(options.namespaces());
    for (const [namespace, since] of unproven) {
      const isProven = known.some(
        (pod) =>
          pod.namespace === namespace && pod.image === "Pulled" && pod.created * 1_000 >= since,
      );
      if (isProven || !withPolicy.has(namespace)) unproven.delete(namespace);
    }
  }

  return {
    look: () => {
      const now = performance.now();
      const before = history();
      const known = pods();
      const after = afterLook(before, known, now);
      looked = after;
      forgetProven(known);
      const resumed = resumedUnproven(before, after, known);
      // A stop of all holds namespaces back in which no pod waits, and these go on with it.
      const all = resumed.length > 0 && before.everywhere ? options.namespaces() : resumed;
      for (const namespace of all) unproven.set(namespace, Date.now());
      if (whereStopped(before) !== whereStopped(after)) tell(before, after);
      if (said(before) !== said(after)) options.onChange();
      return nextLookAfter(after, now);
    },
    whyStopped: (namespace) =>
      isStopped(history(), namespace)
        ? stopMessage(image, { namespace, pod: examplePod(history(), namespace) })
        : undefined,
    isUnproven: (namespace) => unproven.has(namespace),
    stoppedNamespaces,
  };
}
