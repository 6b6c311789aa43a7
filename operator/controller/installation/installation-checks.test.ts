/** What is made of the answers of an API server; whether a real one gives them is shown end to end. */
import type { ServerResponse } from "node:http";
import { afterEach, expect, test } from "@jest/globals";
import { ANSWERED_BY_ANNOTATION } from "../../api/names.ts";
import {
  type FakeApi,
  refuse,
  reply,
  type Seen,
  startFakeApi,
} from "../kube/testing/fake-api-server.ts";
import type { Presenter } from "./certificate-ends.ts";
import { installationChecks } from "./installation-checks.ts";
import { runInstallationChecks } from "./run-installation-checks.ts";

const TIMES = { patience: 0, pause: 1 };
const DAY = 24 * 60 * 60 * 1_000;
const REFUSAL = "timing: checkTimeout (4s) must not be more than interval (3s)";

let api: FakeApi;
afterEach(() => api.close());

interface World {
  resources: string[];
  caBundle: string;
  answersProof: boolean;
  refusal: string | undefined;
  initContainers: object[];
}

const SOUND: World = {
  resources: ["healthpolicies", "clusterhealthpolicies"],
  caBundle: Buffer.from("the authority").toString("base64"),
  answersProof: true,
  refusal: REFUSAL,
  initContainers: [{ name: "healthpolicy-sidecar", image: "sidecar:1" }],
};

function proven({ body }: Seen, answers: boolean): object {
  const { metadata } = body as { metadata: { annotations: Record<string, string> } };
  const [challenge = ""] = Object.values(metadata.annotations);
  const answered = { [ANSWERED_BY_ANNOTATION]: `operator-1 ${challenge}` };
  return { metadata: { annotations: answers ? answered : {} } };
}

/** What the API server answers below a path. */
const answers = (world: World): [RegExp, (seen: Seen, response: ServerResponse) => void][] => [
  [
    /\/v1alpha1$/,
    (_, response) => reply(response, 200, { resources: world.resources.map((name) => ({ name })) }),
  ],
  [
    /\/mutatingwebhookconfigurations\/healthpolicy$/,
    (_, response) =>
      reply(response, 200, { webhooks: [{ clientConfig: { caBundle: world.caBundle } }] }),
  ],
  [
    /\/system\/configmaps\//,
    (seen, response) => reply(response, 200, proven(seen, world.answersProof)),
  ],
  [
    /\/system-test\/healthpolicies$/,
    (_, response) => {
      if (world.refusal === undefined) reply(response, 201, {});
      else refuse(response, 422, world.refusal);
    },
  ],
  [
    /\/system-test\/pods$/,
    (_, response) => reply(response, 201, { spec: { initContainers: world.initContainers } }),
  ],
];

const handler = (world: World) => (seen: Seen, response: ServerResponse) => {
  const [, answer] = answers(world).find(([path]) => path.test(seen.path)) ?? [];
  answer?.(seen, response);
};

async function linesOf(changes: Partial<World>, ends?: (presenter: Presenter) => Promise<Date>) {
  api = await startFakeApi(handler({ ...SOUND, ...changes }));
  const lines: string[] = [];
  const checks = installationChecks({
    client: api.client,
    namespace: "system",
    webhookService: "webhook",
    testNamespace: "system-test",
    ends: ends ?? (() => Promise.resolve(new Date(Date.now() + 60.5 * DAY))),
  });
  await runInstallationChecks(checks, (line) => lines.push(line), TIMES);
  return lines;
}

test("a sound installation, asked by dry runs alone", async () => {
  let asked: Presenter | undefined;
  const ends = (presenter: Presenter) => {
    asked = presenter;
    return Promise.resolve(new Date(Date.now() + 60.5 * DAY));
  };
  expect(await linesOf({}, ends)).toStrictEqual([
    "√ the CustomResourceDefinitions are served (healthpolicy.dev/v1alpha1)",
    "√ the webhook's certificate is valid and trusted (for 60 more days)",
    "√ API servers reach the webhook (operator-1 has answered)",
    `√ a policy with a mistake is refused (${REFUSAL})`,
    "√ a new pod gets the sidecar (sidecar:1)",
    "All checks succeeded.",
  ]);
  const host = "webhook.system.svc";
  expect(asked).toStrictEqual({ host, port: 443, dnsName: host, authorities: "the authority" });
  const writes = api.seen.filter(({ method }) => method !== "GET");
  expect(writes).toHaveLength(3);
  for (const { query } of writes) expect(query.get("dryRun")).toBe("All");
});

test.each<[string, Partial<World>, string]>([
  [
    "no ClusterHealthPolicy",
    { resources: ["healthpolicies"] },
    "does not serve clusterhealthpolicies: install",
  ],
  [
    "no authority",
    { caBundle: "" },
    "MutatingWebhookConfiguration healthpolicy names no authority",
  ],
  [
    "no answer",
    { answersProof: false },
    "gets no answer from the operator's webhook, so new pods start",
  ],
  ["another refusal", { refusal: "Forbidden" }, "422 Forbidden"],
  [
    "no refusal",
    { refusal: undefined },
    "takes a policy whose checkTimeout is more than its interval",
  ],
  [
    "no sidecar",
    { initContainers: [{ name: "wait", image: "x" }] },
    "HealthPolicy system-test/healthpolicy-test selects gets no sidecar.",
  ],
])("%s", async (_, changes, sentence) => {
  const lines = await linesOf(changes);
  expect(lines.filter((line) => line.startsWith("×"))).toHaveLength(1);
  expect(lines.join("\n")).toContain(sentence);
  expect(lines.at(-1)).toBe("1 of 5 checks failed.");
});
