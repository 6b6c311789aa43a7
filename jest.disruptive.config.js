import e2e from "./jest.e2e.config.js";

/** End-to-end tests that others do not bear, for they take the operator away or keep the cores busy: one file after the other in each cluster. */
export default {
  ...e2e,
  testMatch: ["<rootDir>/test/e2e/disruptive/*.test.ts"],
  maxWorkers: 1,
};
