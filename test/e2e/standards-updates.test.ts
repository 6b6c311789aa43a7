/** Standards that deny, and updates of what stood before them: the largest, and those that controllers make. */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { kubectl } from "./harness/kubectl.ts";
import { act, enforce, reachedNamespace, release, standardsFor } from "./harness/standards.ts";
import { KUBECTL, WHOLE_TEST } from "./timeouts.ts";

const NAME = "e2e-standards-updates";
const QUIET = { warnings: [], refusal: "" };
/** More than pods have; each is compared with each, and what costs the API server too much passes in silence. */
const CONTAINERS = 40;

/** Names that differ in their last characters alone, and probes as long as they usually are at most. */
const container = (index: number) => ({
  name: `${index}`.padStart(63, "a"),
  image: "registry.example.com/web:1",
  livenessProbe: { exec: { command: ["check", "a".repeat(1_024)] } },
  startupProbe: { httpGet: { path: `/${"p".repeat(255)}`, port: 80 } },
});
const containers = Array.from({ length: CONTAINERS }, (_, index) => container(index));
const labels = { app: "web" };
const deployment = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web" },
  spec: {
    replicas: 0,
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers } },
  },
};
const job = {
  apiVersion: "batch/v1",
  kind: "Job",
  metadata: { name: "report" },
  spec: {
    suspend: true,
    template: { spec: { containers: [container(0)], restartPolicy: "Never" } },
  },
};

beforeAll(async () => {
  await reachedNamespace(NAME);
  const input = JSON.stringify({ apiVersion: "v1", kind: "List", items: [deployment, job] });
  await kubectl(["create", "-n", NAME, "-f", "-"], { input });
  const standards = {
    enforcement: "Deny",
    readinessProbe: { required: true },
    livenessProbe: { minExecTimeoutSeconds: 5 },
  };
  const other = JSON.stringify({ ...deployment, metadata: { name: "other" } });
  await enforce(NAME, [standardsFor(NAME, NAME, standards)], other);
}, WHOLE_TEST);
afterAll(async () => {
  await release(NAME);
  await kubectl(["delete", "namespace", NAME, "--wait=false"]);
}, KUBECTL);

const patch = (what: string, spec: object) =>
  act(NAME, "patch", what, "-p", JSON.stringify({ spec: { template: { spec } } }));

test(
  `of ${CONTAINERS} containers all may get another image, and the last no other probe`,
  async () => {
    const images = containers.map(({ name }) => ({ name, image: "registry.example.com/web:2" }));
    expect(await patch("deployment/web", { containers: images })).toStrictEqual(QUIET);
    const [last] = images.slice(-1);
    const changed = { ...last, livenessProbe: { periodSeconds: 20 } };
    const { refusal } = await patch("deployment/web", { containers: [changed] });
    expect(refusal).toContain(`ClusterHealthPolicy ${NAME}: container "`);
  },
  KUBECTL,
);

test(
  "a queue may put a nodeSelector into a suspended Job",
  async () => {
    expect(await patch("job/report", { nodeSelector: { pool: "batch" } })).toStrictEqual(QUIET);
  },
  KUBECTL,
);
