/** All that pods, objects and nodes of a cluster give away to who may not read Secrets. */
import { HTTP_ANSWER } from "../timeouts.ts";
import { kubectl } from "./kubectl.ts";
import { onNode } from "./node.ts";

/** Where to look. */
export interface Said {
  /** Namespaces whose objects are read, and the logs of whose pods. */
  namespaces: readonly string[];
  /** What answers requests; asked from the pod `client` of the first namespace. */
  urls: readonly string[];
  /** Since when logs are read. */
  since: Date;
}

const KUBERNETES = "kube-system";

/** Every object that can be listed in this place, Events and ConfigMaps among them, but Secrets. */
async function objects(namespaced: boolean, place: readonly string[]): Promise<string> {
  const list = ["api-resources", "--verbs=list", `--namespaced=${namespaced}`, "-o", "name"];
  const kinds = (await kubectl(list)).split("\n").filter((kind) => !["", "secrets"].includes(kind));
  return kubectl(["get", kinds.join(), ...place, "-o", "json", "--show-managed-fields"]);
}

/**
 * The logs of all containers of a namespace's pods. Of a pod that another test takes away meanwhile, such as its own
 * API server, they are left out.
 */
function logs(namespace: string, since: Date): Promise<string> {
  const every = ["-l", "!healthpolicy.dev/no-such-label", "--all-containers", "--ignore-errors"];
  const whole = ["--tail=-1", `--since-time=${since.toISOString()}`];
  return kubectl(["logs", "-n", namespace, ...every, ...whole]);
}

/** Runs in the plain pod: a GET of each, its head and body. The webhook's certificate is for API servers alone. */
const GET_EACH = `
process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
for (const url of process.argv.slice(1)) {
  const answer = await fetch(url, { signal: AbortSignal.timeout(${HTTP_ANSWER}) });
  console.log(url, answer.status, JSON.stringify([...answer.headers]), await answer.text());
}
`;

const answers = (namespace: string, urls: readonly string[]) => {
  const client = ["exec", "-n", namespace, "client", "--", "node", "--input-type=module"];
  return kubectl([...client, "-e", GET_EACH, ...urls]);
};

/** The kubelet's and the container engine's own log. */
const nodeLog = (since: Date) => {
  const begin = `--since=@${Math.floor(since.getTime() / 1_000)}`;
  return onNode(["journalctl", "--no-pager", "-u", "kubelet", "-u", "containerd", begin]);
};

/** Each text by the place where it was read. */
export async function everythingSaid({
  namespaces,
  urls,
  since,
}: Said): Promise<[place: string, text: string][]> {
  const [first = ""] = namespaces;
  const places: [string, Promise<string>][] = [
    ...namespaces.map((namespace): [string, Promise<string>] => [
      `objects of ${namespace}`,
      objects(true, ["-n", namespace]),
    ]),
    ["objects of no namespace", objects(false, [])],
    ...[...namespaces, KUBERNETES].map((namespace): [string, Promise<string>] => [
      `logs of ${namespace}`,
      logs(namespace, since),
    ]),
    ["answers", answers(first, urls)],
    ["the node's log", nodeLog(since)],
  ];
  return Promise.all(places.map(async ([place, text]) => [place, await text]));
}
