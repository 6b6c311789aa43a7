import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { kubectl } from "./harness/kubectl.ts";
import { type LeastReady, watchLeastReady } from "./harness/least-ready.ts";
import { freshNamespace, RESTRICTED } from "./harness/namespace.ts";
import { dependencyReport, isInjected, isReady, type Pod, podsOf } from "./harness/pods.ts";
import { getPolicy } from "./harness/policy.ts";
import { waitUntil } from "./harness/wait-for.ts";
import { POD_STARTS, ROLLOUT, ROLLOUT_ENDS, STATUS_FOLLOWS, WHOLE_TEST } from "./timeouts.ts";

const NAMESPACE = "e2e-rollout-restart";
const here = (...parameters: string[]) => kubectl([...parameters, "-n", NAMESPACE]);

const cache = { name: "cache", impact: "Observe", memcached: { servers: [{ host: "cache" }] } };
const sessions = {
  name: "sessions",
  redis: { host: "sessions", credentials: { secretName: "sessions" } },
};

async function applyPolicy(spec: object): Promise<void> {
  const timing = { connectTimeout: "500ms", checkTimeout: "1s", interval: "1s" };
  const object = {
    apiVersion: "healthpolicy.dev/v1alpha1",
    kind: "HealthPolicy",
    metadata: { name: "web", namespace: NAMESPACE },
    spec: { selector: { matchLabels: { app: "web" } }, rollout: "Restart", timing, ...spec },
  };
  await kubectl(["apply", "--server-side", "-f", "-"], { input: JSON.stringify(object) });
}

const deployed = () => podsOf(NAMESPACE, "app=web,kind=deployed");
const uids = (pods: Pod[]) => new Set(pods.map(({ metadata }) => metadata.uid));

/** Three ready pods with the sidecar, none of them one of `before`. */
async function areNew(before: Pod[]): Promise<boolean> {
  const pods = await deployed();
  const old = uids(before);
  return (
    pods.length === 3 &&
    pods.every((pod) => isReady(pod) && isInjected(pod) && !old.has(pod.metadata.uid))
  );
}

async function statusSays(text: string, within = STATUS_FOLLOWS): Promise<void> {
  await waitUntil({ what: `status.rollout to say "${text}"`, within }, async () => {
    const { status } = await getPolicy(NAMESPACE, "web");
    return status?.rollout?.message.includes(text) ?? false;
  });
}

async function cacheIs(up: boolean): Promise<void> {
  await here("scale", "deployment/cache", `--replicas=${up ? 1 : 0}`);
  await waitUntil({ what: `sidecars to find the cache ${up}`, within: POD_STARTS }, async () => {
    const reports = (await deployed()).map((pod) => dependencyReport(pod, "cache"));
    return (await Promise.all(reports)).every((report) => report?.up === up);
  });
}

let bare: Pod | undefined;
let watch: LeastReady;

beforeAll(async () => {
  await freshNamespace(NAMESPACE, RESTRICTED);
  const input = await readFile(join(import.meta.dirname, "rollout-restart.yaml"), "utf8");
  await kubectl(["apply", "--server-side", "-n", NAMESPACE, "-f", "-"], { input });
  await waitUntil({ what: "every pod to be ready", within: POD_STARTS }, async () => {
    const pods = await podsOf(NAMESPACE, "");
    return pods.length === 6 && pods.every(isReady);
  });
  [bare] = (await podsOf(NAMESPACE, "app=web")).filter(({ metadata }) => metadata.name === "bare");
}, WHOLE_TEST);

afterAll(async () => {
  await kubectl(["delete", "namespace", NAMESPACE, "--wait=false", "--ignore-not-found"]);
});

/** Of each test by itself: a pod that one of them loses is not to be found by the next. */
beforeEach(async () => {
  watch = await watchLeastReady(NAMESPACE, "web");
});
afterEach(() => watch.stop());

test(
  "while a PodDisruptionBudget forbids it no pod is evicted, and the status says so",
  async () => {
    const before = await deployed();
    await applyPolicy({ dependencies: [cache] });
    await statusSays("Waits: a PodDisruptionBudget allows no eviction in Deployment/web.");
    expect(uids(await deployed())).toStrictEqual(uids(before));
    expect(watch.least()).toBe(3);
  },
  WHOLE_TEST,
);

test(
  "pods that predate their policy get the sidecar one after the other; a bare pod stays",
  async () => {
    const before = await deployed();
    await here("delete", "poddisruptionbudget", "web");
    await waitUntil({ what: "three new pods", within: ROLLOUT }, () => areNew(before));
    await statusSays("its new pod has to stay ready for 10s");
    await statusSays("1 pod has no controller that would make a new one", ROLLOUT_ENDS);
    const [still] = (await podsOf(NAMESPACE, "app=web,!kind")).filter(isReady);
    expect(still?.metadata.uid).toBe(bare?.metadata.uid);
    expect(watch.least()).toBe(2);
    const events = await here("get", "events", "--field-selector=reason=PodEvicted", "-o", "name");
    expect(events.trim().split("\n")).toHaveLength(3);
  },
  WHOLE_TEST,
);

test(
  "so do those that lack a Secret key that an edit names",
  async () => {
    const before = await deployed();
    await applyPolicy({ dependencies: [cache, sessions] });
    await waitUntil({ what: "three new pods", within: ROLLOUT }, () => areNew(before));
    expect(watch.least()).toBe(2);
    const [pod] = await deployed();
    expect(await dependencyReport(pod as Pod, "sessions")).toMatchObject({ up: true });
  },
  WHOLE_TEST,
);

test(
  "while a dependency is down no pod is evicted, and once it is back they are",
  async () => {
    const before = await deployed();
    await cacheIs(false);
    await applyPolicy({ dependencies: [cache, sessions], probe: { periodSeconds: 3 } });
    await statusSays("Waits: cache is down");
    expect(uids(await deployed())).toStrictEqual(uids(before));
    await cacheIs(true);
    await waitUntil({ what: "a pod to be replaced", within: ROLLOUT }, async () => {
      const old = uids(before);
      return (await deployed()).some((pod) => isReady(pod) && !old.has(pod.metadata.uid));
    });
    expect(watch.least()).toBe(2);
  },
  WHOLE_TEST,
);
