import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { SIDECAR_CONTAINER } from "../../operator/api/names.ts";
import { dependencyReported } from "./harness/dependency-reported.ts";
import { kubectl, kubectlJson } from "./harness/kubectl.ts";
import { isReady, type Pod, sidecarReport } from "./harness/pods.ts";
import { openPolicyNamespace } from "./harness/policy-namespace.ts";
import { smallPod } from "./harness/small-pod.ts";
import { waitFor } from "./harness/wait-for.ts";
import { FIRST_CHECK, POD_STARTS, WHOLE_TEST } from "./timeouts.ts";

const NAMESPACE = "e2e-arbitrary-user";
/** Users as OpenShift gives them out: of no file in the image, in the group of root or in none. */
const USERS = {
  "assigned-by-openshift": { runAsUser: 1_000_680_000, runAsGroup: 0, fsGroup: 1_000_680_000 },
  "without-groups": { runAsUser: 1_000_680_000, runAsGroup: 1_000_680_000 },
  "left-to-the-image": {},
};

/**
 * For each other process of the sidecar's program, what looking into its files gives; then what listens where node's
 * debugger would, a second after each of them was sent the signal that opens it.
 */
const LOOK_INTO_OTHERS = `
  const { readFileSync, readdirSync } = require("node:fs");
  const given = (read) => { try { return read(); } catch ({ code }) { return code; } };
  const command = (pid) => given(() => readFileSync("/proc/" + pid + "/cmdline", "utf8"));
  const pids = readdirSync("/proc").filter((pid) => Number(pid) && command(pid).includes("/sidecar" + ".cjs"));
  const files = pids.map((pid) => given(() => readdirSync("/proc/" + pid + "/root")));
  const signals = pids.map((pid) => given(() => process.kill(Number(pid), "SIGUSR1")));
  setTimeout(() => {
    const tell = (debuggerPort) => console.log(JSON.stringify({ files, signals, debuggerPort }));
    const socket = require("node:net").connect(9229, "127.0.0.1", () => { tell("open"); socket.destroy(); });
    socket.on("error", ({ code }) => tell(code));
  }, 1_000);
`;

beforeAll(() => openPolicyNamespace(NAMESPACE, "arbitrary-user.yaml"), WHOLE_TEST);
afterAll(() => kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]));

interface LivePod extends Pod {
  spec: Pod["spec"] & { initContainers: { securityContext: Record<string, unknown> }[] };
}

function readyPod(name: string, user: object): Promise<LivePod> {
  const pod = smallPod(NAMESPACE, name);
  const securityContext = { ...pod.spec.securityContext, ...user };
  return createReady({ ...pod, spec: { ...pod.spec, securityContext } });
}

async function createReady(pod: { metadata: { name: string }; spec: object }): Promise<LivePod> {
  const { name } = pod.metadata;
  await kubectl(["create", "-f", "-"], { input: JSON.stringify(pod) });
  return waitFor({ what: `${name} to be ready`, within: POD_STARTS }, async () => {
    const now = await kubectlJson<LivePod>("get", "pod", name, "-n", NAMESPACE);
    return isReady(now) ? now : undefined;
  });
}

describe.each(Object.entries(USERS))("with a user %s the sidecar", (name, user) => {
  test(
    "reads policy and Secret and keeps its marks",
    async () => {
      const pod = await readyPod(name, user);
      expect(pod.spec.initContainers[0]?.securityContext).not.toHaveProperty("runAsUser");
      expect(await sidecarReport(pod)).toMatchObject({ policy: "web", ready: true });
      // The database's name is not known; that is asked only once the Secret has been read.
      const notFound = { name: "orders-db", reason: "HostNotFound" };
      await dependencyReported(async () => pod, notFound, FIRST_CHECK);
      const log = await kubectl(["logs", name, "-n", NAMESPACE, "-c", SIDECAR_CONTAINER]);
      expect(log).not.toContain("marks cannot be");
    },
    WHOLE_TEST,
  );
});

test(
  "in a shared process namespace the app's container of the same user cannot look into the sidecar",
  async () => {
    const name = "shares-processes";
    const pod = smallPod(NAMESPACE, name);
    const securityContext = { ...pod.spec.securityContext, runAsUser: 65_532 };
    await createReady({
      ...pod,
      spec: { ...pod.spec, shareProcessNamespace: true, securityContext },
    });
    const exec = ["exec", name, "-n", NAMESPACE, "-c", "app", "--", "node", "-e", LOOK_INTO_OTHERS];
    expect(JSON.parse(await kubectl(exec))).toStrictEqual({
      files: ["EACCES"],
      signals: [true],
      debuggerPort: "ECONNREFUSED",
    });
  },
  WHOLE_TEST,
);
