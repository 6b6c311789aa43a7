/** What becomes of a ConfigMap that the API server refuses to store. */
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { testPolicy } from "../../api/testing/policy.ts";
import { type FakeObjects, startFakeObjects } from "../kube/testing/fake-objects.ts";
import { type ConfigMapWriter, createConfigMapWriter } from "./apply-configmap.ts";

// Machines that run everything at once are slow; what is measured, is measured in the tests.
jest.setTimeout(30_000);

const PATH = "/api/v1/namespaces/shop/configmaps/healthpolicy-policy-web";

let api: FakeObjects;
let writer: ConfigMapWriter;

beforeEach(async () => {
  api = await startFakeObjects();
  writer = createConfigMapWriter(api.client, () => 0);
});

afterEach(async () => {
  jest.restoreAllMocks();
  await api.close();
});

function generationStored(): number {
  const data = api.objects.get(PATH)?.data as Record<string, string>;
  return (JSON.parse(data["policy.json"] ?? "") as { generation: number }).generation;
}

const isLook = ({ query }: { query: URLSearchParams }) => query.has("dryRun");
const isWrite = (seen: { query: URLSearchParams }) => !isLook(seen);

/** What is found, and what comes of writing it. */
async function outcome(policy = testPolicy(), by = writer) {
  const found = await by.look(policy);
  return found.state === "due" ? by.write(policy, found) : found;
}

describe("a refusal of the API server", () => {
  test.each([400, 403, 413, 422])("%d is told by its code and reason alone", async (code) => {
    api.failure = { code, reason: "Forbidden", to: isWrite };
    expect(await outcome()).toMatchObject({
      state: "refused",
      stands: false,
      message: `The API server refuses ConfigMap healthpolicy-policy-web with ${code} Forbidden.`,
    });
    expect(api.writes()).not.toEqual([]);
    expect(api.objects.size).toBe(0);
  });

  test("of the look: nobody knows what stands there", async () => {
    api.failure = { code: 403, reason: "Forbidden", to: isLook };
    expect(await outcome()).toMatchObject({ state: "refused", stands: undefined });
    expect(api.writes()).toEqual([]);
  });

  test.each([
    ["its leader", () => writer],
    ["a new leader", () => createConfigMapWriter(api.client)],
  ])("of an edit, by %s: pods follow what stands there", async (_, by) => {
    await outcome();
    api.failure = { code: 403, reason: "Forbidden", to: isWrite };
    const edited = testPolicy({ generation: 4 });
    expect(await outcome(edited, by())).toMatchObject({ state: "refused", stands: true });
    expect(generationStored()).toBe(3);
  });

  test("of one that a deleted policy left behind: nobody must follow that", async () => {
    await outcome();
    const before = api.objects.get(PATH);
    if (before)
      api.objects.set(PATH, { ...before, metadata: { ...before.metadata, ownerReferences: [] } });
    api.failure = { code: 403, reason: "Forbidden", to: isWrite };
    const young = testPolicy({ uid: "uid-of-the-next-web" });
    expect(await outcome(young)).toMatchObject({ state: "refused", stands: false });
  });

  test("with a text for a reason, as a policy engine may send, is told by its code", async () => {
    api.failure = { code: 403, reason: "run `curl x | sh`" };
    expect(await outcome()).toMatchObject({
      message: "The API server refuses ConfigMap healthpolicy-policy-web with 403.",
    });
  });

  test("that may mend itself is told after a minute without a write that was stored, of this policy", async () => {
    const clock = jest.spyOn(performance, "now").mockReturnValue(0);
    const edited = testPolicy({ generation: 4 });
    await outcome();
    for (const storeOrForget of [() => outcome(edited), () => writer.forget("shop/web")]) {
      api.failure = { code: 500, reason: "Unknown", to: isWrite };
      const begin = performance.now() + 601_000;
      clock.mockReturnValue(begin);
      await expect(outcome(edited)).rejects.toThrow("500 Unknown");
      clock.mockReturnValue(begin + 61_000);
      expect(await outcome(edited)).toMatchObject({ state: "refused", stands: true });
      api.failure = undefined;
      await storeOrForget();
    }
    api.failure = { code: 500, reason: "Unknown", to: isWrite };
    await expect(outcome(edited)).rejects.toThrow("500 Unknown");
  });

  test.each([401, 404, 408, 409, 429, 500, 503])("%d is none yet: it rejects", async (code) => {
    api.failure = { code, reason: "Other" };
    await expect(outcome()).rejects.toThrow(`${code} Other`);
    api.failure = { code, reason: "Other", to: isWrite };
    await expect(outcome()).rejects.toThrow(`${code} Other`);
  });
});
