/** For tests: the pulls of two namespaces as a leader watches them. */
import { expect, jest } from "@jest/globals";
import { pino } from "pino";
import type { StartState } from "../../pods/start-state.ts";
import { podOf } from "../../pods/testing/pod-of.ts";
import { type ImagePullsOptions, watchImagePulls } from "../watch-image-pulls.ts";

/** The image that sidecars are to have. */
export const IMAGE = "registry.example/healthpolicy/sidecar:1";

/** Two namespaces with a policy each. */
export function watched(options: Partial<ImagePullsOptions> = {}) {
  const pods = new Map<string, ReturnType<typeof podOf>[]>();
  const changes: unknown[] = [];
  const said = { count: 0 };
  const pulls = watchImagePulls({
    image: IMAGE,
    namespaces: () => ["shop", "blog"],
    pods: (namespace) => pods.get(namespace) ?? [],
    synced: () => true,
    policies: () => [],
    onChange: () => {
      said.count += 1;
    },
    onTransition: (change) => changes.push(change),
    log: pino({ level: "silent" }),
    ...options,
  });
  const sidecar = { policy: "web", revision: "abc", ready: false };
  type Put = StartState | { start: StartState; created: number } | undefined;
  const put = (namespace: string, ...starts: Put[]) => {
    const records = starts.map((one, index) => {
      const { start, created } = typeof one === "object" ? one : { start: one, created: 1 };
      const name = `web-${index}`;
      const uid = `${namespace}-${name}`;
      return podOf({
        namespace,
        name,
        uid,
        created,
        sidecar: { ...sidecar, ...(start && { start }) },
      });
    });
    pods.set(namespace, records);
  };
  return { pulls, put, changes, said };
}

/** What watched() gives. */
export type Watched = ReturnType<typeof watched>;

/** A minute in which three pods of the namespace wait, and ten in which they are gone. */
export function stoppedAndGone({ pulls, put }: Watched, namespace: string): void {
  put(namespace, "Waiting", "Waiting", "Waiting");
  pulls.look();
  jest.advanceTimersByTime(60_000);
  pulls.look();
  expect(pulls.whyUnproven(namespace)).toBeUndefined();
  put(namespace);
  pulls.look();
  jest.advanceTimersByTime(600_000);
  pulls.look();
  expect(pulls.whyStopped(namespace)).toBeUndefined();
}
