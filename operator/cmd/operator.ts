/** The operator: reads its environment once, wires caches, webhook and controller, stops on SIGTERM. */
import { pino, stdTimeFunctions } from "pino";
import { collectDefaultMetrics, Registry } from "prom-client";
import { startCaches } from "../controller/caches.ts";
import { writeCertificate } from "../controller/certificate/apply-certificate.ts";
import { fillEmptySecret } from "../controller/certificate/fill-empty-secret.ts";
import { serveCertificate } from "../controller/certificate/serve-certificate.ts";
import { readCheckSettings } from "../controller/installation/check-settings.ts";
import { installationChecks } from "../controller/installation/installation-checks.ts";
import { runInstallationChecks } from "../controller/installation/run-installation-checks.ts";
import { createKubeClient } from "../controller/kube/kube-client.ts";
import { runForLease } from "../controller/kube/lease.ts";
import { loadKubeConfig } from "../controller/kube/load-kube-config.ts";
import { createLeader } from "../controller/leader.ts";
import { startManagement } from "../controller/management.ts";
import { controllerMetrics } from "../controller/metrics.ts";
import { environmentHelp, type OperatorSettings, readSettings } from "../controller/settings.ts";
import { workMetrics } from "../controller/work-metrics.ts";
import { startWebhook } from "../webhook/server.ts";

/** Within the pod's grace period of 30 s: whatever still hangs then is cut off. */
const STOP_MILLISECONDS = 20_000;

const HELP = `Injects a readiness sidecar into the pods that a HealthPolicy selects.

Usage: operator [--help]
       operator check   looks whether the installation works, as \`helm test\` does; needs POD_NAMESPACE,
                        WEBHOOK_SERVICE and TEST_NAMESPACE

Environment:
${environmentHelp()}
`;

async function start(settings: OperatorSettings, log: pino.Logger): Promise<() => Promise<void>> {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const { onCall, observer, onEventResult } = workMetrics(registry);
  const client = createKubeClient(loadKubeConfig(), onCall);
  const { namespace, certificateSecret, certificateFolder } = settings;
  const caches = startCaches({ client, namespace, certificateSecret, certificateFolder, log });
  const webhook = await startWebhook({
    port: settings.webhookPort,
    podName: settings.podName,
    // Before all is listed, a policy would be injected without the defaults of its namespace.
    policies: (name) => (caches.synced() ? caches.index.policies(name) : undefined),
    heldBack: caches.heldBack,
    service: caches.service,
    namespaceOptedOut: caches.namespaceOptedOut,
    standards: caches.standards,
    namespaceAnnotations: caches.namespaceAnnotations,
    settings: settings.inject,
    ownNamespace: namespace,
    metrics: registry,
    log,
  });
  const { setCertificate } = webhook;
  const isCertificateServed = serveCertificate({ caches, setCertificate, log });
  const dnsName = `${settings.webhookService}.${namespace}.svc`;
  const filler =
    certificateFolder === undefined
      ? fillEmptySecret({
          certificate: caches.certificate,
          write: (record) =>
            writeCertificate({ client, settings, dnsName, log }, record, Date.now()),
          log,
        })
      : undefined;
  const leader = createLeader({
    client,
    caches,
    settings,
    dnsName,
    observer,
    onEventResult,
    log,
  });
  controllerMetrics(registry, caches, leader);
  let stopping = false;
  const management = await startManagement({
    port: settings.managementPort,
    registry,
    whyNotReady: () => {
      if (stopping) return "stopping";
      if (!caches.synced()) return "caches are not synced";
      return isCertificateServed() ? undefined : "no certificate is served";
    },
  });
  const candidate = runForLease({
    client,
    namespace,
    name: settings.leaseName,
    identity: settings.podName,
    ready: caches.untilSynced,
    lead: leader.lead,
    log,
  });
  return async () => {
    stopping = true;
    filler?.stop();
    // Admission goes on during the drain, and from a live cache: so the caches stop last.
    await Promise.all([webhook.close(), candidate.stop()]);
    await caches.stop();
    management.close();
    management.closeAllConnections();
  };
}

async function main(): Promise<void> {
  if (process.argv.includes("--help")) {
    process.stdout.write(HELP);
    return;
  }
  if (process.argv[2] === "check") {
    const sound = await runInstallationChecks(
      installationChecks({
        client: createKubeClient(loadKubeConfig()),
        ...readCheckSettings(process.env),
      }),
      (line) => process.stdout.write(`${line}\n`),
    );
    process.exit(sound ? 0 : 1);
  }
  const settings = readSettings(process.env);
  const log = pino({ level: settings.logLevel, timestamp: stdTimeFunctions.isoTime });
  const stop = await start(settings, log);
  log.info({ webhookPort: settings.webhookPort }, "started");
  const end = (signal: string) => {
    log.info({ signal }, "stopping");
    setTimeout(() => process.exit(1), STOP_MILLISECONDS).unref();
    stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.once("SIGTERM", () => end("SIGTERM"));
  process.once("SIGINT", () => end("SIGINT"));
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
