/**
 * `make demo`: the product at work in the kind cluster, told step by step. An app with two replicas, its
 * PostgreSQL and two memcached servers; each is taken away and given back while the app's pods are watched.
 */
import { join } from "node:path";
import { closeHole, closeLeftHoles, type Hole, openHole } from "./black-hole.ts";
import {
  appPods,
  endpointsOf,
  kubectl,
  NAMESPACE,
  policyProgrammed,
  promisedBounds,
} from "./cluster.ts";
import { follow, until } from "./watch-pods.ts";

const EXAMPLE = join(import.meta.dirname, "../node");
const POLICY = "web";
const DATABASE = "orders-db";
const CACHE = "cache-1";

/** Seconds that a step may take before the demo gives up: several times what it usually takes. */
const LIMITS = { namespaceGone: 120, programmed: 60, rollout: 120, endpoints: 60, pods: 60 };

const say = (text: string) => console.log(text);
const chapter = (text: string) => console.log(`\n==> ${text}`);

function apply(file: string): void {
  kubectl(["apply", "--filename", join(EXAMPLE, file)]);
}

function rolledOut(deployment: string): void {
  const limit = LIMITS.rollout;
  const wait = ["rollout", "status", `deployment/${deployment}`, `--timeout=${limit}s`];
  kubectl(wait, (limit + 5) * 1_000);
}

/** A namespace of its own, made anew, so that a second run starts as the first one did. */
async function freshNamespace(): Promise<void> {
  const exists = () => kubectl(["get", "namespace", NAMESPACE, "--ignore-not-found"]) !== "";
  if (exists()) {
    chapter("Removing what an earlier demo left (usually 10 s)");
    kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]);
    await until("the old namespace is going", LIMITS.namespaceGone, () => !exists());
  }
  kubectl(["create", "namespace", NAMESPACE]);
}

async function startEverything(): Promise<void> {
  await freshNamespace();
  chapter("Starting PostgreSQL and two memcached servers (usually 10 s)");
  apply("dependencies.yaml");
  for (const deployment of [DATABASE, "cache-0", CACHE]) rolledOut(deployment);

  chapter("Applying the HealthPolicy: pods labelled app=web need orders-db and both cache servers");
  apply("policy.yaml");
  await until("the operator takes it up", LIMITS.programmed, () => policyProgrammed(POLICY));

  chapter("Starting the web app, 2 replicas, without one changed line (usually 10 s)");
  apply("app.yaml");
  rolledOut("web");
  await until("the pods get ready", LIMITS.pods, () => appPods().every(({ ready }) => ready));
  if (!appPods().every(({ injected }) => injected)) {
    throw new Error("a pod of the app came up without the sidecar");
  }
  say(kubectl(["get", "healthpolicies,pods"]).trimEnd());
}

/** Something to take away, and how to see that it is gone and back. */
interface Fault {
  title: string;
  take: () => void;
  gone: () => boolean;
  giveBack: () => void;
  back: () => boolean;
}

function scaled(deployment: string): Omit<Fault, "title"> {
  const scale = (replicas: number) =>
    kubectl(["scale", `deployment/${deployment}`, `--replicas=${replicas}`]);
  return {
    take: () => scale(0),
    gone: () => endpointsOf(deployment) === 0,
    giveBack: () => scale(1),
    back: () => endpointsOf(deployment) > 0,
  };
}

/** Packets to the Service's address disappear on the node; nothing refuses them. */
function blackHole(service: string, port: number): Omit<Fault, "title"> {
  const address = kubectl(["get", "service", service, "-o", "jsonpath={.spec.clusterIP}"]);
  const hole: Hole = { address, port };
  return {
    take: () => openHole(hole),
    gone: () => true,
    giveBack: () => closeHole(hole),
    back: () => true,
  };
}

/** What to undo when the reader ends the demo in the middle of a fault. */
let undo: (() => void) | undefined;

async function show(fault: Fault): Promise<void> {
  const { unreadyWithin, readyWithin } = promisedBounds(POLICY);
  chapter(fault.title);
  undo = fault.giveBack;
  try {
    fault.take();
    await until("the endpoints are going", LIMITS.endpoints, fault.gone);
    const took = await follow("unready", LIMITS.pods);
    await until("the app's endpoints follow", LIMITS.endpoints, () => endpointsOf("web") === 0);
    say(
      `    No pod of the app gets traffic, ${took.toFixed(1)} s after the fault (promised: ${unreadyWithin}).`,
    );
  } finally {
    undo = undefined;
    fault.giveBack();
  }
  say("    Giving it back ...");
  await until("the endpoints come back", LIMITS.endpoints, fault.back);
  const took = await follow("ready", LIMITS.pods);
  const restarts = appPods().reduce((sum, pod) => sum + pod.restarts, 0);
  say(
    `    All pods serve again, ${took.toFixed(1)} s after its return (promised: ${readyWithin}).`,
  );
  say(`    Containers restarted meanwhile: ${restarts}.`);
}

function whatNext(): void {
  say(`
The cluster goes on running. What you can type next:

  eval "$(test/e2e/cluster/env.sh)"                             # kubectl and its settings for this cluster
  kubectl -n ${NAMESPACE} get healthpolicies,pods
  kubectl -n ${NAMESPACE} scale deployment/${DATABASE} --replicas=0
  kubectl -n ${NAMESPACE} get pods -l app=web --watch         # and see for yourself
  kubectl explain healthpolicy.spec                             # the manual

  make demo      # all of this again
  make clean     # remove the cluster; images stay
`);
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    undo?.();
    process.exit(130);
  });
}

if (closeLeftHoles() > 0) chapter("Closed the black hole that an interrupted demo left open");
await startEverything();
await show({
  title: "1. The database loses all its endpoints: connections are refused",
  ...scaled(DATABASE),
});
await show({ title: "2. One of the two memcached servers goes away", ...scaled(CACHE) });
await show({
  title: "3. A black hole: packets to the database disappear, nothing answers",
  ...blackHole(DATABASE, 5432),
});
whatNext();
