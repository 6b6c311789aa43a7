import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { EVERY_STANDARD, EXAMPLES } from "../../../operator/api/standards/testing/examples.ts";
import { kubectl } from "../harness/kubectl.ts";
import { operatorPods, scaleOperator } from "../harness/operator.ts";
import { dryRun, enforce, reachedNamespace, release, standardsFor } from "../harness/standards.ts";
import { WHOLE_TEST } from "../timeouts.ts";

const WARN = "e2e-standards-alone-warn";
const DENY = "e2e-standards-alone-deny";
const [EXAMPLE] = EXAMPLES;
if (!EXAMPLE) throw new Error("no example");
const { sentence, violating, corrected } = EXAMPLE;

beforeAll(async () => {
  await reachedNamespace(WARN);
  await reachedNamespace(DENY);
  await scaleOperator(0);
}, WHOLE_TEST);
afterAll(async () => {
  await release(WARN, DENY);
  await scaleOperator(2);
  await kubectl(["delete", "namespace", WARN, DENY, "--wait=false"]);
}, WHOLE_TEST);

test(
  "standards that are written while no operator runs warn and refuse all the same",
  async () => {
    expect(await operatorPods()).toStrictEqual([]);
    const warn = standardsFor(WARN, WARN, { ...EVERY_STANDARD, enforcement: "Warn" });
    const deny = standardsFor(DENY, DENY, { ...EVERY_STANDARD, enforcement: "Deny" });
    await enforce(WARN, [warn], violating);
    await enforce(DENY, [deny], violating);
    expect(await dryRun(WARN, violating)).toStrictEqual({
      warnings: [`ClusterHealthPolicy ${WARN}: ${sentence}`],
      refusal: "",
    });
    expect((await dryRun(DENY, violating)).refusal).toBe(
      `ClusterHealthPolicy ${DENY}: ${sentence}`,
    );
    for (const namespace of [WARN, DENY]) {
      expect(await dryRun(namespace, corrected)).toStrictEqual({ warnings: [], refusal: "" });
    }
    expect(await operatorPods()).toStrictEqual([]);
  },
  WHOLE_TEST,
);
