import { beforeEach, expect, test } from "@jest/globals";
import { ApiError } from "../kube/api-error.ts";
import type { KubeRequest } from "../kube/kube-client.ts";
import { createNudgeBoundProver, type NudgeBound, type NudgeBoundProver } from "./nudge-bound.ts";

const forbidden = (message: string) =>
  new ApiError("patching", { code: 403, body: JSON.stringify({ reason: "Forbidden", message }) });

/** As an API server of Kubernetes 1.36 says it. */
const OURS = forbidden(
  `pods "operator-1" is forbidden: ValidatingAdmissionPolicy 'healthpolicy-nudge' with binding 'healthpolicy-nudge' denied request: The operator of HealthPolicy may change nothing of a pod but its annotation healthpolicy.dev/nudge.`,
);
const RBAC = forbidden(
  `pods "operator-1" is forbidden: User "system:serviceaccount:system:operator" cannot patch resource "pods"`,
);

let sent: KubeRequest[];
let answer: Error | undefined;
let logged: string[];
let prover: NudgeBoundProver;

beforeEach(() => {
  sent = [];
  answer = undefined;
  logged = [];
  const at = (level: string) => () => logged.push(level);
  prover = createNudgeBoundProver({
    client: {
      request: async <T>(request: KubeRequest) => {
        sent.push(request);
        if (answer) throw answer;
        return {} as T;
      },
    },
    pod: { namespace: "system", name: "operator-1" },
    log: { info: at("info"), warn: at("warn"), error: at("error") },
  });
});

test.each<[string, Error | undefined, NudgeBound, string]>([
  ["the chart's admission policy refuses it", OURS, "bounded", "info"],
  ["nobody refuses it", undefined, "unbounded", "error"],
  ["the account has no right at all", RBAC, "unknown", "warn"],
  ["no answer", new Error("socket hang up"), "unknown", "warn"],
])("%s", async (_what, given, state, level) => {
  answer = given;
  expect(await prover.prove()).toBe(60_000);
  expect([prover.state(), logged]).toStrictEqual([state, [level]]);
});

test("tries a change that is forbidden, of its own pod, and has it not stored", async () => {
  expect(prover.state()).toBe("unknown");
  await prover.prove();
  expect(sent).toMatchObject([
    {
      method: "PATCH",
      path: "/api/v1/namespaces/system/pods/operator-1",
      query: { dryRun: "All" },
      body: { metadata: { annotations: { "healthpolicy.dev/nudge-proof": "true" } } },
    },
  ]);
});

test("says it when it changes, and only then", async () => {
  for (const given of [OURS, OURS, undefined, undefined, OURS]) {
    answer = given;
    await prover.prove();
  }
  expect(logged).toStrictEqual(["info", "error", "info"]);
});
