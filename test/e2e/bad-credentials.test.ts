/** Secrets that are missing or hold what nobody can follow: the pod runs, and its sidecar's log says what to mend. */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { SIDECAR_CONTAINER } from "../../operator/api/names.ts";
import { created } from "./harness/created.ts";
import { kubectl } from "./harness/kubectl.ts";
import { freshNamespace } from "./harness/namespace.ts";
import { policyProgrammed } from "./harness/policy.ts";
import { smallPod } from "./harness/small-pod.ts";
import { waitUntil } from "./harness/wait-for.ts";
import { POD_STARTS, WHOLE_TEST } from "./timeouts.ts";

const NAMESPACE = "e2e-bad-credentials";
const PASSWORD = "hunter2";

/** What the key `<name>` of the Secret holds, or nothing, and what the log says of the dependency `<name>`. */
interface Case {
  type: "postgresql" | "mysql" | "redis";
  value?: string | Buffer;
  said: string | RegExp;
}

const REFUSED = /"dependency":"NAME".*"reason":"ConnectionRefused"/;
const CASES: Record<string, Case> = {
  "no-key": { type: "postgresql", said: `there is no Secret urls with a key \\"no-key\\"` },
  "not-text": {
    type: "redis",
    value: Buffer.from([0x70, 0xff, 0xfe]),
    said: `the value of key \\"not-text\\" in Secret urls is not text in UTF-8`,
  },
  "too-long": {
    type: "mysql",
    value: `mysql://u:${PASSWORD}@127.0.0.1:1/${"x".repeat(65_536)}`,
    said: `the value of key \\"too-long\\" in Secret urls cannot be read, or is longer than 64 KiB`,
  },
  "pg-scheme": {
    type: "postgresql",
    value: `mysql://u:${PASSWORD}@127.0.0.1:1/x`,
    said: "dependency pg-scheme: the connection string is not a valid postgresql:// URL",
  },
  "pg-sslmode": {
    type: "postgresql",
    value: `postgresql://u:${PASSWORD}@127.0.0.1:1/x?sslmode=${PASSWORD}`,
    said: "dependency pg-sslmode: the sslmode of the connection string is not supported; write disable,",
  },
  "pg-good": {
    type: "postgresql",
    // One newline at the end is nobody's.
    value: `postgresql://u:${PASSWORD}@127.0.0.1:1/x?sslmode=require\n`,
    said: REFUSED,
  },
  "mysql-bom": {
    type: "mysql",
    value: `\u{feff}mysql://u:${PASSWORD}@127.0.0.1:1/x`,
    said: "dependency mysql-bom: the connection string is not a valid mysql:// URL",
  },
  "mysql-hosts": {
    type: "mysql",
    value: `mysql://u:${PASSWORD}@a,b/x`,
    said: "dependency mysql-hosts: the connection string must name one host;",
  },
  "mysql-good": { type: "mysql", value: `mysql://u:${PASSWORD}@127.0.0.1:1/x`, said: REFUSED },
  "redis-empty": {
    type: "redis",
    value: "",
    said: "dependency redis-empty: the connection string is not a valid redis:// URL",
  },
  "redis-socket": {
    type: "redis",
    value: `redis://:${PASSWORD}@%2Frun%2Fredis.sock`,
    said: "dependency redis-socket: the connection string must name one host;",
  },
  "redis-good": { type: "redis", value: `redis://:${PASSWORD}@127.0.0.1:1`, said: REFUSED },
};

const policy = {
  apiVersion: "healthpolicy.dev/v1alpha1",
  kind: "HealthPolicy",
  metadata: { name: "web", namespace: NAMESPACE },
  spec: {
    selector: { matchLabels: { app: "web" } },
    dependencies: Object.entries(CASES).map(([name, { type }]) => ({
      name,
      [type]: { connectionString: { secretName: "urls", key: name } },
    })),
  },
};

const data = Object.entries(CASES).flatMap(([name, { value }]) =>
  value === undefined ? [] : [[name, Buffer.from(value).toString("base64")]],
);
const secret = {
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "urls", namespace: NAMESPACE },
  data: Object.fromEntries(data),
};

beforeAll(async () => {
  await freshNamespace(NAMESPACE);
  for (const object of [secret, policy]) await created(object);
  await policyProgrammed(NAMESPACE, "web");
  await created(smallPod(NAMESPACE, "web"));
}, WHOLE_TEST);
afterAll(() => kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]));

const log = () => kubectl(["logs", "web", "-n", NAMESPACE, "-c", SIDECAR_CONTAINER]);

function says(text: string, name: string, said: string | RegExp): boolean {
  if (typeof said === "string") return text.includes(said);
  return new RegExp(said.source.replace("NAME", name)).test(text);
}

test(
  "the log says of each what to mend, and nothing of what the Secret holds",
  async () => {
    let silent: string[] = [];
    const what = "each dependency to be in the log";
    await waitUntil({ what, within: POD_STARTS }, async () => {
      // The container is not there yet.
      const text = await log().catch(() => "");
      silent = Object.entries(CASES)
        .filter(([name, { said }]) => !says(text, name, said))
        .map(([name]) => name);
      return silent.length === 0;
    }).catch((error) => {
      throw new Error(`nothing is said of ${silent.join(", ")}`, { cause: error });
    });
    expect(await log()).not.toMatch(new RegExp(`${PASSWORD}|127\\.0\\.0\\.1`));
  },
  WHOLE_TEST,
);

test(
  "the pod runs in spite of the key that is missing",
  async () => {
    const phase = ["get", "pod", "web", "-n", NAMESPACE, "-o", "jsonpath={.status.phase}"];
    await waitUntil({ what: "the pod to run", within: POD_STARTS }, async () => {
      return (await kubectl(phase)) === "Running";
    });
  },
  WHOLE_TEST,
);
