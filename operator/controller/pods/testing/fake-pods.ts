/** For tests: the pods of a fake API server, to be listed and watched in one namespace or in all. */
import type { ServerResponse } from "node:http";
import {
  type FakeApi,
  refuse,
  reply,
  type Seen,
  startFakeApi,
} from "../../kube/testing/fake-api-server.ts";

/** The fake. */
export interface FakePods extends FakeApi {
  /** Creates or changes a pod and tells the watches; `ready` is that of its sidecar. */
  put(namespace: string, name: string, ready?: boolean): void;
  remove(namespace: string, name: string): void;
  /** The pod begins to be deleted. */
  end(namespace: string, name: string): void;
  /** Paths that are watched now, sorted. */
  watched(): string[];
  /** Ends every watch in good order. */
  endWatches(): void;
  /** Lists of these paths are not answered for now. */
  holds: (path: string) => boolean;
  /** Answers what was held back. */
  release(): void;
}

interface Open {
  path: string;
  response: ServerResponse;
}

const ALL = "/api/v1/pods";

function pathOf(namespace: string): string {
  return `/api/v1/namespaces/${namespace}/pods`;
}

/** Starts without pods. */
export async function startFakePods(): Promise<FakePods> {
  const pods = new Map<string, { metadata: { namespace: string } }>();
  const open = new Set<Open>();
  let held: (() => void)[] = [];
  let version = 100;

  function tell(type: string, object: { metadata: { namespace: string } }): void {
    for (const { path, response } of open) {
      const concerned = path === ALL || path === pathOf(object.metadata.namespace);
      if (concerned) response.write(`${JSON.stringify({ type, object })}\n`);
    }
  }

  function podOf(namespace: string, name: string, ready: boolean) {
    version += 1;
    const annotations = { "healthpolicy.dev/policy": "web", "healthpolicy.dev/revision": "r" };
    const labels = { app: "web" };
    const container = { name: "healthpolicy-sidecar", image: "sidecar:1" };
    return {
      metadata: { namespace, name, labels, annotations, resourceVersion: String(version) },
      spec: { restartPolicy: "Always", initContainers: [container] },
      status: { phase: "Running", initContainerStatuses: [{ name: container.name, ready }] },
    };
  }

  function list({ path }: Seen, response: ServerResponse): void {
    const items = [...pods.values()].filter(
      ({ metadata }) => path === ALL || path === pathOf(metadata.namespace),
    );
    reply(response, 200, { metadata: { resourceVersion: String(version) }, items });
  }

  function watch({ path }: Seen, response: ServerResponse): void {
    response.writeHead(200).flushHeaders();
    const one = { path, response };
    open.add(one);
    response.on("close", () => open.delete(one));
  }

  const api = await startFakeApi((seen, response) => {
    if (seen.query.has("sendInitialEvents")) refuse(response, 422, "Invalid");
    else if (seen.query.get("watch") === "true") watch(seen, response);
    else if (fake.holds(seen.path)) held.push(() => list(seen, response));
    else list(seen, response);
  });

  const fake: FakePods = {
    ...api,
    holds: () => false,
    put: (namespace, name, ready = true) => {
      const pod = podOf(namespace, name, ready);
      const known = pods.has(`${namespace}/${name}`);
      pods.set(`${namespace}/${name}`, pod);
      tell(known ? "MODIFIED" : "ADDED", pod);
    },
    end: (namespace, name) => {
      const { metadata, ...rest } = podOf(namespace, name, true);
      const pod = { ...rest, metadata: { ...metadata, deletionTimestamp: "2026-01-01T00:00:00Z" } };
      pods.set(`${namespace}/${name}`, pod);
      tell("MODIFIED", pod);
    },
    remove: (namespace, name) => {
      pods.delete(`${namespace}/${name}`);
      tell("DELETED", podOf(namespace, name, true));
    },
    watched: () => [...open].map(({ path }) => path).sort(),
    endWatches: () => {
      for (const one of open) {
        one.response.end();
        open.delete(one);
      }
    },
    release: () => {
      fake.holds = () => false;
      for (const answer of held) answer();
      held = [];
    },
  };
  return fake;
}
