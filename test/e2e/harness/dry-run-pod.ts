import { SIDECAR_CONTAINER } from "../../../operator/api/names.ts";
import { type Answer, type RunOptions, run } from "./kubectl.ts";

interface Container {
  name: string;
  imagePullPolicy: string;
  [field: string]: unknown;
}

/** What the API server would make of a pod. */
export interface DryRunPod {
  /** Its words when it refuses the pod; empty when it accepts it. */
  refusal: string;
  annotations: Record<string, string>;
  /** Of the pod as a whole; undefined where it states none. */
  resources?: unknown;
  /** Its class, by which the kubelet decides whom it evicts first. */
  qosClass?: string;
  containers: Container[];
  /** The init containers of our name; none where the pod is refused. */
  sidecars: Container[];
}

/** Runs kubectl against an API server. */
type Ask = (parameters: readonly string[], options: RunOptions) => Promise<Answer>;
const askFirst: Ask = (parameters, options) => run("kubectl", parameters, options);

/** Sends a pod through all of admission and validation without storing it. */
export async function dryRunPod(pod: object, ask: Ask = askFirst): Promise<DryRunPod> {
  const { code, stdout, stderr } = await ask(
    ["create", "--dry-run=server", "-o", "json", "-f", "-"],
    { input: JSON.stringify(pod) },
  );
  if (code !== 0) return { refusal: stderr, annotations: {}, containers: [], sidecars: [] };
  const { metadata, spec, status } = JSON.parse(stdout);
  const initContainers: Container[] = spec.initContainers ?? [];
  return {
    refusal: "",
    annotations: metadata.annotations ?? {},
    resources: spec.resources,
    qosClass: status.qosClass,
    containers: spec.containers,
    sidecars: initContainers.filter(({ name }) => name === SIDECAR_CONTAINER),
  };
}
