import unit from "./jest.config.js";

/** End-to-end tests in kind. Those under disruptive/ run after these: jest.disruptive.config.js. */
export default {
  ...unit,
  testMatch: ["<rootDir>/test/e2e/*.test.ts"],
  // Each file has a namespace and faults of its own; most of the time they wait for the cluster.
  maxWorkers: 6,
  testTimeout: 600_000,
};
