/** Looks whether pods start with the sidecar, and remembers for which namespaces injection is stopped. */
import type { Logger } from "pino";
import type { PodRecord } from "../pods/pod-record.ts";
import {
  afterLook,
  examplePod,
  isStopped,
  nextLookAfter,
  resumedUnproven,
  type StartHistory,
  type StartingPod,
} from "./injection-stop.ts";
import { type ReportingPolicy, readReports, type StartKnowledge } from "./read-reports.ts";
import { type StopScope, stopMessage } from "./stop-message.ts";
import { isUnproven, unprovenAfter } from "./unproven.ts";
import { unprovenMessage } from "./unproven-message.ts";

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
  /** Whether all pods of a namespace are known. */
  synced: (namespace: string) => boolean;
  /** The policies as they are; asked for once, at the first look or question. */
  policies: () => Iterable<ReportingPolicy>;
  /** Called when policies say something else. */
  onChange: () => void;
  /** Called as well when it stops in namespaces whose pods wait, and when it goes on in such. */
  onTransition: (change: { isStopped: boolean; waitingIn: readonly string[] }) => void;
  log: Pick<Logger, "error" | "info">;
}

/** What is known of the pulls of the sidecar's image. */
export interface ImagePulls {
  /** Looks at all pods; returns the milliseconds until the next look, if no change of a pod asks for one before. */
  look(): number | undefined;
  /** What a policy of the namespace says, where nothing is injected; undefined where pods are. */
  whyStopped(namespace: string): string | undefined;
  /**
   * What a policy of the namespace says, where injection goes on and nothing has shown that sidecars start:
   * no pod there is evicted. Undefined elsewhere.
   */
  whyUnproven(namespace: string): string | undefined;
  /** How many of the namespaces with a policy get no sidecar. */
  stoppedNamespaces(): number;
}

/** Where something is stopped, as a text to compare. */
function whereStopped({ stopped, everywhere }: StartHistory): string {
  return [...stopped.keys(), everywhere === undefined ? "" : "and everywhere else"]
    .sort()
    .join(" ");
}

/** What the policies say, as a text to compare. */
function said({ history, unproven: { here, everywhere } }: StartKnowledge): string {
  const examples = [...history.stopped.keys()].map((one) => examplePod(history, one) ?? "");
  const unproven = [...here.keys(), everywhere ? "and everywhere else" : ""];
  return JSON.stringify([whereStopped(history), examples, unproven]);
}

function scopeOf({ stopped, everywhere }: StartHistory, namespace: string): StopScope {
  if (everywhere === undefined) return "here";
  return stopped.has(namespace) ? "everywhere" : "elsewhere";
}

/** Has not looked yet. */
export function watchImagePulls(options: ImagePullsOptions): ImagePulls {
  const { image, log } = options;
  let looked: StartKnowledge | undefined;

  /** Not read before: a leader makes its caches current first. */
  function known(): StartKnowledge {
    looked ??= readReports(options.policies(), image, performance.now());
    return looked;
  }

  function pods(): StartingPod[] {
    return [...options.namespaces()].flatMap((namespace) =>
      options
        .pods(namespace)
        .flatMap(({ uid, name, created, sidecar }) =>
          sidecar
            ? { uid, namespace, name, created, start: sidecar.start, isExact: !sidecar.elsewhere }
            : [],
        ),
    );
  }

  const stoppedNamespaces = () =>
    [...options.namespaces()].filter((namespace) => isStopped(known().history, namespace)).length;

  function tell(before: StartHistory, after: StartHistory): void {
    const namespaces = stoppedNamespaces();
    if (namespaces === 0) log.info({ image }, "injection goes on");
    else {
      log.error(
        { image, namespaces },
        "nodes cannot pull or start the sidecar's image; injection is stopped",
      );
    }
    const added = [...after.stopped.keys()].filter((one) => !before.stopped.has(one));
    if (added.length > 0) options.onTransition({ isStopped: true, waitingIn: added });
    const over = [...before.stopped.keys()].filter((one) => !isStopped(after, one));
    if (over.length > 0) options.onTransition({ isStopped: false, waitingIn: over });
  }

  return {
    look: () => {
      const now = performance.now();
      const before = known();
      const all = pods();
      const namespaces = new Set(options.namespaces());
      const areAllKnown = [...namespaces].every(options.synced);
      const history = afterLook(before.history, all, { now, areAllKnown });
      const look = {
        pods: all,
        namespaces,
        after: history,
        resumed: resumedUnproven(before.history, history, all),
      };
      looked = { history, unproven: unprovenAfter(before.unproven, look, Date.now()) };
      if (whereStopped(before.history) !== whereStopped(history)) tell(before.history, history);
      if (said(before) !== said(looked)) options.onChange();
      return nextLookAfter(history, now);
    },
    whyStopped: (namespace) => {
      const { history } = known();
      if (!isStopped(history, namespace)) return undefined;
      const scope = scopeOf(history, namespace);
      return stopMessage(image, { scope, namespace, pod: examplePod(history, namespace) });
    },
    whyUnproven: (namespace) => {
      const { history, unproven } = known();
      if (isStopped(history, namespace) || !isUnproven(unproven, namespace)) return undefined;
      return unprovenMessage(image, unproven.here.has(namespace) ? "here" : "everywhere");
    },
    stoppedNamespaces,
  };
}
