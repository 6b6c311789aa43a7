import { expect, test } from "@jest/globals";
import { environmentHelp, readSettings } from "./settings.ts";

const REQUIRED = {
  POD_NAME: "operator-1",
  POD_NAMESPACE: "system",
  WEBHOOK_SERVICE: "webhook",
  CERTIFICATE_SECRET: "certificate",
  CLUSTER_ROLE: "role",
  SIDECAR_IMAGE: "sidecar:1",
};

test("what must be given, and the defaults of the rest", () => {
  expect(readSettings(REQUIRED)).toStrictEqual({
    podName: "operator-1",
    namespace: "system",
    logLevel: "info",
    webhookPort: 9_443,
    managementPort: 8_080,
    webhookService: "webhook",
    webhookTimeoutSeconds: 3,
    evictionsPerMinute: 0,
    certificateSecret: "certificate",
    certificateFolder: undefined,
    webhookConfigurationOwner: "operator",
    clusterRole: "role",
    leaseName: "healthpolicy-operator",
    nudge: false,
    inject: {
      image: "sidecar:1",
      imagePullPolicy: "IfNotPresent",
      resources: {
        requests: { cpu: "5m", memory: "32Mi" },
        limits: { cpu: "100m", memory: "64Mi" },
      },
    },
  });
});

test.each(Object.keys(REQUIRED))("without %s it says so", (name) => {
  expect(() => readSettings({ ...REQUIRED, [name]: "" })).toThrow(
    `environment variable ${name} is not set`,
  );
});

test.each([
  ["WEBHOOK_PORT", "0"],
  ["MANAGEMENT_PORT", "65536"],
  ["MANAGEMENT_PORT", "http"],
  ["WEBHOOK_TIMEOUT_SECONDS", "6"],
  ["WEBHOOK_TIMEOUT_SECONDS", "2.5"],
  ["EVICTIONS_PER_MINUTE", "601"],
  ["LOG_LEVEL", "loud"],
  ["NUDGE", "yes"],
  ["WEBHOOK_CONFIGURATION_OWNER", "helm"],
  ["SIDECAR_IMAGE_PULL_POLICY", "Sometimes"],
])("%s=%s is refused by name", (name, text) => {
  expect(() => readSettings({ ...REQUIRED, [name]: text })).toThrow(
    `environment variable ${name} `,
  );
});

test("the help names every variable", () => {
  for (const name of Object.keys(REQUIRED)) expect(environmentHelp()).toContain(`${name} `);
});
