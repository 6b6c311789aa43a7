import { KUBECTL, STATUS_FOLLOWS } from "../timeouts.ts";
import { kubectl, run } from "./kubectl.ts";
import { freshNamespace } from "./namespace.ts";
import { waitUntil } from "./wait-for.ts";

/** Label of the namespaces that a test's ClusterHealthPolicies are for; no two tests use the same value. */
const REACHED_LABEL = "healthpolicy.dev/e2e-standards";

/** What the API server puts in front of a sentence when it warns. */
export const WARNED =
  "Validation failed for ValidatingAdmissionPolicy 'healthpolicy-standards-warn' with binding 'healthpolicy-standards-warn': ";
/** The same when it refuses. */
export const REFUSED =
  "ValidatingAdmissionPolicy 'healthpolicy-standards-deny' with binding 'healthpolicy-standards-deny' denied request: ";

/** A ClusterHealthPolicy for the namespaces with `label` as the value of the label. */
export const standardsFor = (name: string, label: string, standards: object) => ({
  apiVersion: "healthpolicy.dev/v1alpha1",
  kind: "ClusterHealthPolicy",
  metadata: { name },
  spec: { namespaceSelector: { matchLabels: { [REACHED_LABEL]: label } }, standards },
});

/** A namespace that `standardsFor` reaches. */
export const reachedNamespace = (name: string, label = name) =>
  freshNamespace(name, { [REACHED_LABEL]: label });

/** What the API server said of an object that nobody stored. */
export interface Said {
  /** The warnings about standards, without what the API server puts in front. */
  warnings: string[];
  /** The refusal, likewise; empty where the object is accepted. */
  refusal: string;
}

function read({ code, stderr }: { code: number; stderr: string }): Said {
  const lines = stderr.split("\n").filter((line) => line !== "");
  const warnings = lines
    .filter((line) => line.startsWith(`Warning: ${WARNED}`))
    .map((line) => line.slice(`Warning: ${WARNED}`.length));
  const rest = lines.filter((line) => !line.startsWith("Warning: ")).join("\n");
  const at = rest.indexOf(REFUSED);
  const said = at < 0 ? rest : rest.slice(at + REFUSED.length);
  return { warnings, refusal: code === 0 ? "" : said || `ended with ${code}` };
}

/** Asks the API server by a dry run what it says of manifests in YAML or JSON. */
export async function dryRun(namespace: string, manifests: string): Promise<Said> {
  const command = ["create", "--dry-run=server", "-n", namespace, "-f", "-"];
  return read(await run("kubectl", command, { input: manifests, timeout: 2 * KUBECTL }));
}

/** Runs kubectl in the namespace for real and gives what the API server said. */
export async function act(namespace: string, ...command: string[]): Promise<Said> {
  return read(await run("kubectl", [...command, "-n", namespace]));
}

/** Stores the ClusterHealthPolicies and waits until something in the namespace is said by each of them. */
export async function enforce(
  namespace: string,
  policies: readonly { metadata: { name: string } }[],
  violating: string,
): Promise<void> {
  const items = { apiVersion: "v1", kind: "List", items: policies };
  await kubectl(["apply", "--server-side", "-f", "-"], { input: JSON.stringify(items) });
  const within = STATUS_FOLLOWS;
  await waitUntil({ what: `standards to be enforced in ${namespace}`, within }, async () => {
    const { warnings, refusal } = await dryRun(namespace, violating);
    const said = [...warnings, refusal].join("\n");
    return policies.every(({ metadata }) => said.includes(`${metadata.name}: `));
  });
}

/** Takes these ClusterHealthPolicies away. */
export async function release(...names: string[]): Promise<void> {
  await kubectl(["delete", "clusterhealthpolicy", ...names, "--ignore-not-found"]);
}
