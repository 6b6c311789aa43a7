import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { createCertificates } from "../../operator/sidecar/checks/testing/certificates.ts";
import { dependencyReported } from "./harness/dependency-reported.ts";
import { promised } from "./harness/expect-readiness.ts";
import { kubectl } from "./harness/kubectl.ts";
import { freshNamespace, RESTRICTED } from "./harness/namespace.ts";
import { isReady, type Pod, podsOf, restarts } from "./harness/pods.ts";
import { type PolicyObject, policyProgrammed } from "./harness/policy.ts";
import { smallPod } from "./harness/small-pod.ts";
import { staysTrue, waitUntil } from "./harness/wait-for.ts";
import { FAULT_VISIBLE, POD_STARTS, SCENE_READY, VOLUME_REFRESH, WHOLE_TEST } from "./timeouts.ts";

const NAMESPACE = "e2e-tls";
const authority = createCertificates();
const stranger = createCertificates();

const apply = (manifest: string) =>
  kubectl(["apply", "--server-side", "-n", NAMESPACE, "-f", "-"], { input: manifest });
const applySecret = (name: string, stringData: Record<string, string>) =>
  apply(JSON.stringify({ apiVersion: "v1", kind: "Secret", metadata: { name }, stringData }));

let policy: PolicyObject;
beforeAll(async () => {
  await freshNamespace(NAMESPACE, RESTRICTED);
  const { cert, key } = authority.server("orders-db");
  await applySecret("orders-db-tls", { "tls.crt": cert, "tls.key": key });
  await applySecret("orders-db-ca", { "ca.crt": stranger.ca });
  await apply(await readFile(join(import.meta.dirname, "tls.yaml"), "utf8"));
  policy = await policyProgrammed(NAMESPACE, "web");
  await waitUntil({ what: "the database to be ready", within: SCENE_READY }, async () => {
    const pods = await podsOf(NAMESPACE, "app=orders-db");
    return pods.length === 1 && pods.every(isReady);
  });
}, WHOLE_TEST);
afterAll(() => kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]));

/** What PostgreSQL's own client says to a login that trusts this authority. */
function logIn(ca: string): Promise<string> {
  const target =
    "host=orders-db user=app dbname=orders sslmode=verify-full sslrootcert=/tmp/ca.crt";
  const script = `cat >/tmp/ca.crt && PGPASSWORD=$POSTGRES_PASSWORD psql '${target}' -tAc 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()'`;
  const exec = ["exec", "-i", "-n", NAMESPACE, "deployment/orders-db", "--", "bash", "-c", script];
  return kubectl(exec, { input: ca });
}

async function appPod(): Promise<Pod> {
  const [pod] = await podsOf(NAMESPACE, "app=web");
  if (!pod) throw new Error("the app has no pod");
  return pod;
}

test(
  "a pod is held back while the policy trusts another authority, and ready once it trusts the right one",
  async () => {
    // The fault itself: the server speaks TLS, and its certificate is none of that authority's.
    await waitUntil({ what: "a login over TLS", within: FAULT_VISIBLE }, async () => {
      const answer = await logIn(authority.ca).catch(() => "");
      return answer.trim() === "t";
    });
    await expect(logIn(stranger.ca)).rejects.toThrow("certificate verify failed");

    await apply(JSON.stringify(smallPod(NAMESPACE, "web")));
    const failure = { up: false, reason: "TLSFailed" };
    await dependencyReported(appPod, { name: "orders-db", ...failure }, POD_STARTS);
    await staysTrue(
      "the pod unready",
      2 * promised({ policy }, "unreadyWithin"),
      async () => !isReady(await appPod()),
    );

    await applySecret("orders-db-ca", { "ca.crt": authority.ca });
    await dependencyReported(appPod, { name: "orders-db", up: true, tls: true }, VOLUME_REFRESH);
    await waitUntil({ what: "the pod to be ready", within: POD_STARTS }, async () =>
      isReady(await appPod()),
    );
    // The same server under a name that its certificate does not have.
    await dependencyReported(
      appPod,
      { name: "other-name", ...failure },
      promised({ policy }, "unreadyWithin"),
    );
    expect(restarts(await appPod())).toBe(0);
  },
  WHOLE_TEST,
);
