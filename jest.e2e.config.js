import unit from "./jest.config.js";

/** End-to-end tests in kind. Those under disruptive/ run after these: jest.disruptive.config.js. */
export default {
  ...unit,
  testMatch: ["<rootDir>/test/e2e/*.test.ts"],
  // Each file has a namespace and faults of its own, and waits for the cluster most of the time. With more at once two
  // cores had no idle time, probes of the kubelet were late, and pods turned unready that had no fault.
  maxWorkers: 3,
  testTimeout: 600_000,
  // Over all of them, whom the operator connects to.
  globalSetup: "<rootDir>/test/connections/record-connections.ts",
  globalTeardown: "<rootDir>/test/connections/judge-connections.ts",
};
