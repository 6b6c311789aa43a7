/**
 * What a leader does where somebody else makes the webhook's certificate, and where the chart has its configuration.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import type { CertificateData } from "./certificate/certificate-plan.ts";
import { carryOut } from "./certificate/certificates.ts";
import { until } from "./kube/testing/fake-api-server.ts";
import type { OperatorSettings } from "./settings.ts";
import { type LedCluster, openCluster, STATUS, WEBHOOK } from "./testing/led-cluster.ts";

// Machines that run everything at once are slow; what is measured, is measured in the tests.
jest.setTimeout(60_000);

/** The folder is looked at every 5 s. */
const LOOKED_MILLISECONDS = 20_000;

let folder: string;
let mounted: CertificateData;
let cluster: LedCluster | undefined;
let stop: AbortController;
let leading: Promise<void> | undefined;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "certificate-"));
  mounted = await made();
  stop = new AbortController();
});

afterEach(async () => {
  stop.abort();
  await leading;
  await cluster?.close();
  rmSync(folder, { recursive: true });
});

function made(): Promise<CertificateData> {
  return carryOut("create", { data: {}, dnsName: "webhook.system.svc", now: Date.now() });
}

/** As the kubelet mounts it: without the authority's key. */
function mount({ "ca.key": _, ...files }: CertificateData): void {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
}

async function lead(more: Partial<OperatorSettings>): Promise<LedCluster> {
  cluster = await openCluster({ certificateFolder: folder, ...more });
  leading = cluster.leader.lead(stop.signal);
  return cluster;
}

const secretsAsked = ({ api }: LedCluster) =>
  api.seen.filter(({ path }) => path.includes("/secrets"));

function lastTold(led: LedCluster): string {
  const body = led.patched(WEBHOOK)?.body as
    | { webhooks: { clientConfig: { caBundle: string } }[] }
    | undefined;
  const caBundle = body?.webhooks[0]?.clientConfig.caBundle ?? "";
  return Buffer.from(caBundle, "base64").toString("utf8");
}

test("with a mounted certificate it tells API servers of that one's authority, and asks for no Secret", async () => {
  mount(mounted);
  const led = await lead({});
  await until("the webhook is written", () => lastTold(led) === mounted["ca.crt"].trim());

  const renewed = await made();
  mount({ ...renewed, "tls.key": mounted["tls.key"] });
  await led.caches.refresh();
  mount(renewed);
  await until(
    "the new authority is told",
    () => lastTold(led) === renewed["ca.crt"].trim(),
    LOOKED_MILLISECONDS,
  );
  // Never of the one beside which a foreign key stood.
  expect(led.writesOf(WEBHOOK)).toHaveLength(2);
  expect(secretsAsked(led)).toStrictEqual([]);
});

test("without the files it tells nobody of an authority, until they are there", async () => {
  const led = await lead({});
  await until("it leads", led.leader.leads);
  expect(led.writesOf(WEBHOOK)).toStrictEqual([]);
  mount(mounted);
  await until("the webhook is written", () => lastTold(led) !== "", LOOKED_MILLISECONDS);
  expect(lastTold(led)).toBe(mounted["ca.crt"].trim());
});

test("with the chart's configuration it writes none, and proves that API servers get through all the same", async () => {
  mount(mounted);
  const led = await lead({ webhookConfigurationOwner: "chart" });
  await until("it is proven", () => led.leader.webhookReach().state === "reachable");
  // And not for a list of namespaces: all are called about. No pod of the operator is in this cluster.
  await until("the policy waits for a replica", () => {
    const status = JSON.stringify(led.patched(STATUS)?.body ?? {});
    return status.includes("No replica of the operator is ready.");
  });
  expect(led.api.seen.filter(({ path }) => path === WEBHOOK)).toStrictEqual([]);
  expect(led.api.seen.filter(({ path }) => path.includes("/clusterroles/"))).toStrictEqual([]);
  expect(secretsAsked(led)).toStrictEqual([]);
});
