/**
 * The client library's informer as a client that lives through faults, used as its own example says: it is started
 * again after each error. Its times are shortened as those of our watch are.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { KubeConfig, type KubernetesObject, ListWatch, Watch } from "@kubernetes/client-node";
import { PATIENCE_MILLISECONDS } from "../../operator/controller/kube/testing/faulted-watch.ts";
import type { StartClient } from "../../operator/controller/kube/testing/play-faults.ts";
import { type Known, knownOf } from "../../operator/controller/kube/testing/watch-ledger.ts";

/** After an error, and between watches; five seconds and one to thirty seconds outside of this run. */
const RESTART_MILLISECONDS = 3;

type Thing = Parameters<typeof knownOf>[0];

interface Things {
  metadata: { resourceVersion: string };
  items: Thing[];
}

/** Starts an informer with everything that its user has to write. */
export const startInformer: StartClient = ({ url, path }, { onChange }) => {
  const config = new KubeConfig();
  config.loadFromClusterAndUser({ name: "fake", server: url, skipTLSVerify: true }, { name: "x" });
  const watch = new Watch(config);
  // It has no option for that.
  Object.assign(watch, { requestTimeoutMs: PATIENCE_MILLISECONDS });
  const known = new Map<string, Known>();
  let stopped = false;

  async function list(): Promise<never> {
    const answer = await fetch(`${url}${path}`, {
      signal: AbortSignal.timeout(PATIENCE_MILLISECONDS),
    });
    if (!answer.ok) throw Object.assign(new Error("refused"), { statusCode: answer.status });
    return (await answer.json()) as Things as never;
  }

  const tell = (gone: boolean) => (object: KubernetesObject) => {
    const now = knownOf(object as Thing);
    const old = known.get(now.key);
    if (gone) known.delete(now.key);
    else known.set(now.key, now);
    onChange({ key: now.key, ...(old && { old }), ...(!gone && { now }) });
  };

  const delayFn = () => sleep(RESTART_MILLISECONDS);
  const informer = new ListWatch(path, watch, list, false, undefined, undefined, { delayFn });
  informer.on("add", tell(false));
  informer.on("update", tell(false));
  informer.on("delete", tell(true));
  informer.on("error", () => {
    sleep(RESTART_MILLISECONDS).then(() => {
      if (!stopped) void informer.start();
    });
  });
  void informer.start();
  return {
    cache: () => informer.list().map((object) => knownOf(object as Thing)),
    stop: async () => {
      stopped = true;
      await informer.stop();
    },
  };
};
