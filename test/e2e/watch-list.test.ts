import { afterEach, expect, test } from "@jest/globals";
import { pino } from "pino";
import { createKubeClient, type KubeRequest } from "../../operator/controller/kube/kube-client.ts";
import { loadKubeConfig } from "../../operator/controller/kube/load-kube-config.ts";
import { startWatch, type Watch } from "../../operator/controller/kube/watch.ts";
import { serverMinor } from "./harness/server-minor.ts";
import { waitUntil } from "./harness/wait-for.ts";
import { STATUS_FOLLOWS } from "./timeouts.ts";

/** Of Kubernetes, which sends what there is as the beginning of a watch unless that is switched off. */
const STREAMS_SINCE_MINOR = 34;

let watch: Watch<string> | undefined;

afterEach(() => watch?.stop());

test.each([
  ["pods of the cluster", "/api/v1/pods"],
  ["pods of a namespace", "/api/v1/namespaces/kube-system/pods"],
  ["custom resources", "/apis/healthpolicy.dev/v1alpha1/healthpolicies"],
])(
  "a real API server sends %s as the beginning of a watch, and nothing is listed; an older one refuses, and is asked for lists",
  async (_what, path) => {
    const client = createKubeClient(loadKubeConfig());
    const asked: KubeRequest[] = [];
    watch = startWatch<string>({
      client: {
        ...client,
        request: (request) => {
          asked.push(request);
          return client.request(request);
        },
        stream: (request) => {
          asked.push(request);
          return client.stream(request);
        },
      },
      path,
      kind: "Thing",
      project: ({ metadata }) => metadata.name,
      log: pino({ level: "silent" }),
    });
    const running = watch;
    await waitUntil({ what: "the cache to be full", within: STATUS_FOLLOWS }, async () =>
      running.synced(),
    );
    const [first, ...then] = asked.map(({ query }) => query?.sendInitialEvents);
    expect(first).toBe("true");
    const lists = then.filter((initial) => initial === undefined);
    expect(then).toStrictEqual(lists); // never asked for it again
    expect(lists.length > 0).toBe((await serverMinor()) < STREAMS_SINCE_MINOR);
    if (path.endsWith("/pods")) expect([...running.values()].length).toBeGreaterThan(0);
  },
);
