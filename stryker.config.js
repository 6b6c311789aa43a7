/**
 * `make mutants`: Stryker changes one operator, condition or text at a time and runs the tests that reach it.
 * A mutant that no test notices is a decision that nothing holds. Only files that decide are mutated; servers,
 * clients and wiring are held by the end-to-end tests.
 */
export default {
  mutate: [
    "operator/api/{cel,cel-selector,effective-policy,select-policy,timing,wire-text}.ts",
    "operator/inject/*.ts",
    "operator/webhook/{admit,decide-admission,patch,review}.ts",
    "operator/controller/kube/{backoff,queue}.ts",
    "operator/controller/policy/{configmap,pod-counts,pods,status}.ts",
    "operator/controller/webhook-configuration/webhook-configuration.ts",
    "operator/controller/certificate/certificate-plan.ts",
    "operator/sidecar/{answers,check-counts,metrics,parse-policy-file,readiness,request-head,verdict}.ts",
    "operator/sidecar/checks/**/*.ts",
    "!operator/**/testing/**",
    "!operator/**/*.test.ts",
  ],
  testRunner: "jest",
  testRunnerNodeArgs: ["--experimental-vm-modules", "--disable-warning=ExperimentalWarning"],
  jest: { configFile: "jest.mutants.config.js" },
  coverageAnalysis: "perTest",
  // TypeScript 7 has no JavaScript API for Stryker to read a tsconfig.json with; swc needs none.
  tsconfigFile: "no-tsconfig.json",
  disableTypeChecks: false,
  ignorePatterns: ["dist", ".tools", "test/e2e", "chart"],
  tempDirName: ".tools/mutants",
  reporters: ["progress-append-only", "clear-text", "json"],
  clearTextReporter: { reportTests: false, allowEmojis: false },
  jsonReporter: { fileName: ".tools/results/mutants.json" },
  concurrency: 2,
  timeoutMS: 10_000,
  thresholds: { high: 95, low: 90, break: 90 },
};
