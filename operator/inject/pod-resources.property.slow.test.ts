/** What a first call does to quality of service and to amounts of pods as a whole, over a thousand pods. */
import { expect, test } from "@jest/globals";
import { testPolicy } from "../api/testing/policy.ts";
import { inject } from "./inject.ts";
import type { Pod } from "./pod.ts";
import { quantity } from "./quantity.ts";
import { deepFreeze } from "./testing/deep-freeze.ts";
import { ours } from "./testing/injected-pod.ts";
import {
  qualityOfService,
  SERVERS,
  type Server,
  sentToWebhooks,
  wholeOf,
  whyRefused,
} from "./testing/quality-of-service.ts";
import { randomPod } from "./testing/random-pod.ts";
import { SETTINGS } from "./testing/settings.ts";

const PODS = 1_000;
const POLICY = deepFreeze(testPolicy());

/** A pod as a server of some version sends it to the webhook, and as the webhook answers. */
interface Admitted {
  seed: number;
  server: Server;
  before: Pod;
  after: Pod;
}

function admit(seed: number, server: Server): Admitted[] {
  const before = deepFreeze(sentToWebhooks(randomPod(seed), server));
  const injection = inject(before, POLICY, SETTINGS);
  const isFirst = ours(before).length === 0;
  return isFirst && "pod" in injection ? [{ seed, server, before, after: injection.pod }] : [];
}

const seeds = Array.from({ length: PODS }, (_, seed) => seed);
const admitted = SERVERS.flatMap((server) => seeds.flatMap((seed) => admit(seed, server)));
const whole = admitted.filter(({ before, server }) => wholeOf(before, server));

/** Says which pod it was where a test fails. */
function named({ seed, server }: Admitted, found: unknown) {
  return { seed, server: server.name, found };
}

test("a pod's quality of service stays what it is, unless it had none", () => {
  for (const one of admitted) {
    const without = qualityOfService(one.before, one.server);
    const expected = without === "BestEffort" ? "Burstable" : without;
    const found = qualityOfService(one.after, one.server);
    expect(named(one, found)).toStrictEqual(named(one, expected));
  }
});

test("there are pods of each class on each server", () => {
  const kinds = new Set(
    admitted.map(({ before, server }) => {
      const isWhole = wholeOf(before, server) !== undefined;
      return `${server.name}, ${isWhole ? "whole" : "containers"}: ${qualityOfService(before, server)}`;
    }),
  );
  // Three classes of each view; up to 1.33 there is no view of a pod as a whole.
  expect(kinds.size).toBe(15);
});

/** The limit of the whole that is to come from `limit` and the sidecar's `own`. */
function grown(limit: string | number, own: string | number): bigint {
  const without = quantity(limit) ?? 0n;
  return without > 0n ? without + (quantity(own) ?? 0n) : 0n;
}

test("each limit of the pod as a whole leaves the app as much of it as without us", () => {
  for (const one of whole) {
    const own = ours(one.after)[0]?.resources?.limits ?? {};
    for (const [name, limit] of Object.entries(one.before.spec?.resources?.limits ?? {})) {
      const found = wholeOf(one.after, one.server)?.limits[name];
      expect(named(one, found)).toStrictEqual(named(one, grown(limit, own[name] ?? "0")));
    }
  }
});

test("API servers accept the amounts of an injected pod where they accept those of the pod", () => {
  const accepted = whole.filter(({ before, server }) => !whyRefused(before, server));
  expect(accepted.length).toBeGreaterThan(100);
  for (const one of accepted) {
    expect(named(one, whyRefused(one.after, one.server))).toStrictEqual(named(one, undefined));
  }
});
