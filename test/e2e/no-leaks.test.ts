/** One password in all Secrets, looked for in all that a cluster says, through the faults of all who ask for one. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import {
  LIVE_PATH,
  METRICS_PATH,
  POLICIES_PATH,
  READY_PATH,
  STATUS_PATH,
} from "../../operator/api/names.ts";
import {
  CANARY,
  CANARY_IN_URL,
  CANARY_USER,
  tracesOfCanary,
} from "../../operator/cmd/testing/canary.ts";
import { withBlackHole } from "./harness/black-hole.ts";
import { created } from "./harness/created.ts";
import { eventTold } from "./harness/events.ts";
import { everythingSaid } from "./harness/everything-said.ts";
import { kubectl } from "./harness/kubectl.ts";
import { freshNamespace } from "./harness/namespace.ts";
import {
  MANAGEMENT_PORT,
  OPERATOR_NAMESPACE,
  operatorPods,
  WEBHOOK_PORT,
} from "./harness/operator.ts";
import { type Pod, podsOf, sidecarPort, sidecarReport } from "./harness/pods.ts";
import { getPolicy, policyProgrammed } from "./harness/policy.ts";
import { rawConnectGives } from "./harness/raw-connect.ts";
import { clientPod, smallPod } from "./harness/small-pod.ts";
import { withStoppedProcesses } from "./harness/stopped-processes.ts";
import { waitUntil } from "./harness/wait-for.ts";
import { POD_STARTS, REASON_SETTLES, SIDECARS_ASKED, WHOLE_TEST } from "./timeouts.ts";

const NAMESPACE = "e2e-no-leaks";
/** The policies, each with one pod of its name. */
const POLICIES = ["web", "unreached", "wrong"];

/** A password that opens nothing, and in which the canary is found as well. */
const WRONG = `${CANARY}-wrong`;
const login = `${CANARY_USER}:${CANARY_IN_URL}`;

const secret = (name: string, stringData: Record<string, string>) => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name, namespace: NAMESPACE },
  stringData: { username: CANARY_USER, ...stringData },
});

const SECRETS = [
  secret("servers", {
    password: CANARY,
    mysql: `mysql://${login}@servers/shop`,
    "postgresql-refused": `postgresql://${login}@servers:1/shop`,
    "redis-refused": `redis://:${CANARY_IN_URL}@servers:1`,
    "mysql-hole": `mysql://${login}@hole:5432/shop`,
    "redis-no-name": `redis://:${CANARY_IN_URL}@nobody`,
  }),
  secret("wrong", {
    password: WRONG,
    redis: `redis://:${encodeURIComponent(WRONG)}@servers`,
    "no-url": `${CANARY}://${login}@servers/shop`,
    "no-host": `mysql://${login}@servers,${CANARY}/shop`,
  }),
];

/** Since when logs are read. */
const begun = new Date();

beforeAll(async () => {
  await freshNamespace(NAMESPACE);
  for (const one of SECRETS) await created(one);
  const manifest = await readFile(join(import.meta.dirname, "no-leaks.yaml"), "utf8");
  await kubectl(["apply", "--server-side", "-n", NAMESPACE, "-f", "-"], { input: manifest });
  await Promise.all(POLICIES.map((name) => policyProgrammed(NAMESPACE, name)));
  await created(clientPod(NAMESPACE));
  await serversAnswer();
  for (const name of POLICIES) {
    const pod = smallPod(NAMESPACE, name);
    await created({ ...pod, metadata: { ...pod.metadata, labels: { app: name } } });
  }
}, WHOLE_TEST);
afterAll(() => kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]));

/** Waits for the servers: a sidecar's log tells why a dependency went down, and not what it is down for later. */
async function serversAnswer(): Promise<void> {
  const client = ["wait", "pod/client", "-n", NAMESPACE, "--for=condition=Ready"];
  await kubectl([...client, `--timeout=${POD_STARTS}ms`], { timeout: POD_STARTS });
  for (const port of [5_432, 3_306, 6_379]) {
    await rawConnectGives({ namespace: NAMESPACE, host: "servers", port }, "connected");
  }
}

const podOf = async (name: string): Promise<Pod | undefined> =>
  (await podsOf(NAMESPACE, `app=${name}`))[0];

/** Waits until the sidecar of a pod says this of its dependencies, by their name: a reason, or that it is up. */
function sidecarSays(name: string, wanted: Record<string, string>, within: number): Promise<void> {
  const what = `${name} to report ${JSON.stringify(wanted)}`;
  return waitUntil({ what, within }, async () => {
    const pod = await podOf(name);
    const { dependencies = [] } = (pod && (await sidecarReport(pod))) ?? {};
    const said = new Map(dependencies.map((one) => [one.name, one.up ? "up" : one.reason]));
    return Object.entries(wanted).every(([dependency, word]) => said.get(dependency) === word);
  });
}

/**
 * Waits until the operator has told of the pod in an Event, which is of what was down by then, and of a reason in its
 * policy's status.
 */
async function operatorTells(name: string, reason: string): Promise<void> {
  const pod = { namespace: NAMESPACE, object: `pod/${name}` };
  await eventTold(pod, /^Warning DependencyUnavailable /m, SIDECARS_ASKED);
  await waitUntil(
    { what: `${reason} in the status of ${name}`, within: SIDECARS_ASKED },
    async () => JSON.stringify((await getPolicy(NAMESPACE, name)).status).includes(reason),
  );
}

const UP = { postgresql: "up", mysql: "up", redis: "up" };
const REFUSED = {
  postgresql: "ConnectionRefused",
  mysql: "ConnectionRefused",
  redis: "ConnectionRefused",
};
const UNREACHED = {
  "postgresql-refused": "ConnectionRefused",
  "mysql-refused": "ConnectionRefused",
  "redis-refused": "ConnectionRefused",
  "postgresql-hole": "ConnectTimeout",
  "mysql-hole": "ConnectTimeout",
  "redis-hole": "ConnectTimeout",
  "postgresql-no-name": "HostNotFound",
  "mysql-no-name": "HostNotFound",
  "redis-no-name": "HostNotFound",
  "postgresql-tls": "TLSFailed",
  "mysql-tls": "TLSFailed",
};
const STOPPED = { ...UP, postgresql: "CheckTimeout" };
const WRONG_ONES = {
  postgresql: "AuthenticationFailed",
  mysql: "AuthenticationFailed",
  redis: "AuthenticationFailed",
  "no-url": "Misconfigured",
  "no-host": "Misconfigured",
  "no-key": "CredentialsMissing",
};

/** Each fault, until sidecar, Event and status have told of it. */
async function goThroughFaults(): Promise<void> {
  const within = POD_STARTS + REASON_SETTLES;
  await sidecarSays("web", UP, within);
  await sidecarSays("unreached", UNREACHED, within);
  await sidecarSays("wrong", WRONG_ONES, within);
  await operatorTells("unreached", "ConnectTimeout");
  await operatorTells("wrong", "AuthenticationFailed");
  const database = { namespace: NAMESPACE, selector: "app=servers", container: "postgresql" };
  await withStoppedProcesses(database, () => sidecarSays("web", STOPPED, REASON_SETTLES));
  // Not by scaling them down: their own logs are to be read, too.
  const nobody = JSON.stringify({ spec: { selector: { app: "nobody" } } });
  await kubectl(["patch", "service/servers", "-n", NAMESPACE, "-p", nobody]);
  await rawConnectGives({ namespace: NAMESPACE, host: "servers", port: 5_432 }, "refused");
  await sidecarSays("web", REFUSED, REASON_SETTLES);
  await operatorTells("web", "ConnectionRefused");
}

/** What the sidecars and the operator answer to whoever asks. */
async function urls(): Promise<string[]> {
  const sidecars = (await Promise.all(POLICIES.map(podOf))).flatMap((pod) =>
    [LIVE_PATH, READY_PATH, STATUS_PATH, METRICS_PATH].map(
      (path) => `http://${pod?.status.podIP}:${pod && sidecarPort(pod)}${path}`,
    ),
  );
  const operator = (await operatorPods()).flatMap(({ status: { podIP } }) => [
    ...["/healthz", "/readyz", "/metrics"].map(
      (path) => `http://${podIP}:${MANAGEMENT_PORT}${path}`,
    ),
    `https://${podIP}:${WEBHOOK_PORT}${POLICIES_PATH}/${NAMESPACE}/web`,
  ]);
  return [...sidecars, ...operator];
}

test(
  "no password is in any log, object, metric or answer of the cluster, whatever happened to those who ask for it",
  async () => {
    const hole = { namespace: NAMESPACE, service: "hole", port: 5_432 };
    await withBlackHole(hole, goThroughFaults);
    const namespaces = [NAMESPACE, OPERATOR_NAMESPACE];
    const said = await everythingSaid({ namespaces, urls: await urls(), since: begun });
    expect(said.map(([place, text]) => [place, tracesOfCanary(text)])).toEqual(
      said.map(([place]) => [place, []]),
    );

    // What was read is what tells of the faults, and a password would have been found in it.
    expect(said.filter(([, text]) => text === "")).toEqual([]);
    const texts = new Map(said);
    const ofApp = ["logs", "objects"].map((one) => texts.get(`${one} of ${NAMESPACE}`)).join();
    const told = [UNREACHED, STOPPED, WRONG_ONES].flatMap((one) => Object.values(one));
    const reasons = [...new Set(told)].filter((word) => word !== "up");
    const isRead = (reason: string) => new RegExp(`"reason": ?"${reason}"`).test(ofApp);
    expect(reasons.filter(isRead)).toEqual(reasons);
    for (const place of [`objects of ${NAMESPACE}`, "answers"]) {
      expect(texts.get(place)).toContain("AuthenticationFailed");
    }
    const secrets = await kubectl(["get", "secrets", "-n", NAMESPACE, "-o", "json"]);
    expect(tracesOfCanary(secrets)).not.toEqual([]);
  },
  WHOLE_TEST,
);
