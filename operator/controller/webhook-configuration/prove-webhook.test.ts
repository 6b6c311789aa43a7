import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { endingWith } from "../kube/kube-client.ts";
import {
  type FakeApi,
  refuse,
  reply,
  type Seen,
  startFakeApi,
} from "../kube/testing/fake-api-server.ts";
import { createWebhookProver, type WebhookProver } from "./prove-webhook.ts";

// Machines that run everything at once are slow; what is measured, is measured in the tests.
jest.setTimeout(30_000);

const PATH = "/api/v1/namespaces/system/configmaps/healthpolicy-webhook-proof";
const ANSWERED_BY = "healthpolicy.dev/answered-by";

interface ConfigMap {
  metadata: { labels: object; annotations: Record<string, string> };
}

type Answer = (seen: Seen, response: ServerResponse) => void;

let api: FakeApi;
/** What the API server does with the dry run. */
let answer: Answer;
let prover: WebhookProver;
/** Why the configuration could not be written. */
let unwritten: string | undefined;
const log = { info: jest.fn(), warn: jest.fn(), error: jest.fn() };
const onFirstUnanswered = jest.fn();
const onChange = jest.fn();

/** The answer of an API server that reaches this replica; or the annotation of an earlier answer, where given. */
const answeredBy =
  (pod: string, challenge?: string): Answer =>
  ({ body }, response) => {
    const { metadata } = body as ConfigMap;
    const own = metadata.annotations["healthpolicy.dev/challenge"];
    const answered = { [ANSWERED_BY]: `${pod} ${challenge ?? own}` };
    reply(response, 200, {
      ...(body as ConfigMap),
      metadata: { ...metadata, annotations: { ...metadata.annotations, ...answered } },
    });
  };

/** The answer of an API server that does not reach the webhook and goes on without it. */
const unanswered: Answer = ({ body }, response) => reply(response, 200, body);

function newProver(signal = new AbortController().signal): WebhookProver {
  return createWebhookProver({
    client: endingWith(signal, api.client),
    target: { namespace: "system", port: 9443 },
    whyUnwritten: () => unwritten,
    onFirstUnanswered,
    onChange,
    log,
  });
}

async function prove(times: number): Promise<void> {
  for (const _ of Array(times)) await prover.prove();
}

beforeEach(async () => {
  jest.clearAllMocks();
  answer = answeredBy("operator-1");
  unwritten = undefined;
  api = await startFakeApi((seen, response) => answer(seen, response));
  prover = newProver();
});

afterEach(() => api.close());

test("applies the one ConfigMap as a dry run, with the label that the webhook entry selects", async () => {
  await prove(2);
  const [first, second] = api.seen as [Seen, Seen];
  expect(first).toMatchObject({ method: "PATCH", path: PATH });
  expect(Object.fromEntries(first.query)).toStrictEqual({
    dryRun: "All",
    fieldManager: "healthpolicy-webhook-proof",
    force: "true",
  });
  expect(first.body).toStrictEqual({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name: "healthpolicy-webhook-proof",
      namespace: "system",
      labels: { "healthpolicy.dev/webhook-proof": "true" },
      annotations: { "healthpolicy.dev/challenge": expect.any(String) },
    },
  });
  expect(second.body).not.toStrictEqual(first.body);
});

test("an answer is proof, whichever replica it is from; the next one is due in 30 s", async () => {
  expect(prover.reach().state).toBe("unknown");
  expect(await prover.prove()).toBe(30_000);
  answer = answeredBy("operator-2");
  expect(await prover.prove()).toBe(30_000);
  expect(prover.reach()).toStrictEqual({ state: "reachable" });
  expect(onChange).toHaveBeenCalledTimes(1);
  expect(onFirstUnanswered).not.toHaveBeenCalled();
  expect(log.warn).not.toHaveBeenCalled();
});

test("one lost proof is tried again soon, asks for the configuration, and changes nothing", async () => {
  await prove(1);
  answer = unanswered;
  expect(await prover.prove()).toBe(3_000);
  expect(onFirstUnanswered).toHaveBeenCalledTimes(1);
  answer = answeredBy("operator-1");
  expect(await prover.prove()).toBe(30_000);
  expect(prover.reach().state).toBe("reachable");
  expect(onChange).toHaveBeenCalledTimes(1);
});

test("three in a row are told once, with one look at the configuration, until it comes back", async () => {
  await prove(1);
  answer = unanswered;
  await prove(5);
  expect(prover.reach().state).toBe("unreachable");
  expect(onChange).toHaveBeenCalledTimes(2);
  expect(onFirstUnanswered).toHaveBeenCalledTimes(1);
  expect(log.error).toHaveBeenCalledTimes(1);
  answer = answeredBy("operator-1");
  expect(await prover.prove()).toBe(30_000);
  expect(prover.reach()).toStrictEqual({ state: "reachable" });
  expect(onChange).toHaveBeenCalledTimes(3);
});

test("where the configuration could not be written, that is said too", async () => {
  unwritten = "the API server answered 403 Forbidden";
  answer = unanswered;
  await prove(3);
  expect(prover.reach()).toMatchObject({
    state: "unreachable",
    message: expect.stringContaining(
      "MutatingWebhookConfiguration healthpolicy could not be written: the API server answered 403 Forbidden. Look at",
    ),
  });
});

test("an earlier answer, which somebody stored, is none", async () => {
  answer = answeredBy("operator-1", "another-challenge");
  await prove(3);
  expect(prover.reach().state).toBe("unreachable");
});

test.each<[string, Answer, string]>([
  [
    "refuses the dry run",
    (_, response) => refuse(response, 403, "Forbidden"),
    "the API server answered 403 Forbidden",
  ],
  [
    "says something long about a secret",
    (_, response) => refuse(response, 500, "a secret"),
    "the API server answered 500",
  ],
  ["hangs up", (_, response) => response.destroy(), "the API server gave no answer"],
  ["answers with what is no JSON", (_, response) => response.end("<html>"), "gave no answer"],
])("an API server that %s proves nothing about the webhook", async (_, failing, why) => {
  await prove(1);
  answer = failing;
  expect(await prover.prove()).toBe(3_000);
  await prove(1);
  expect(prover.reach().state).toBe("reachable");
  await prove(1);
  expect(prover.reach()).toMatchObject({ state: "unknown", message: expect.stringContaining(why) });
  expect(JSON.stringify([prover.reach(), log.warn.mock.calls])).not.toContain("a secret");
  expect(onFirstUnanswered).not.toHaveBeenCalled();
  answer = answeredBy("operator-1");
  await prove(1);
  expect(prover.reach().state).toBe("reachable");
});

test("an API server that stays silent costs one call's deadline", async () => {
  answer = () => undefined;
  prover = newProver(AbortSignal.timeout(100));
  expect(await prover.prove()).toBe(3_000);
  expect(prover.reach().state).toBe("unknown");
  expect(log.warn).toHaveBeenCalledTimes(1);
});

test("it can be tried beside the proofs, which does not count as one", async () => {
  answer = answeredBy("operator-1");
  expect(await prover.answers()).toBe(true);
  expect(prover.reach().state).toBe("unknown");
  await prove(1);
  answer = unanswered;
  for (const _ of Array(5)) expect(await prover.answers()).toBe(false);
  expect(prover.reach().state).toBe("reachable");
  answer = (_, response) => refuse(response, 500, "InternalError");
  expect(await prover.answers()).toBe(false);
});
