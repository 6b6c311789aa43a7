import e2e from "./jest.e2e.config.js";

/** End-to-end tests that take the operator away from all others: one file after the other. */
export default {
  ...e2e,
  testMatch: ["<rootDir>/test/e2e/disruptive/*.test.ts"],
  maxWorkers: 1,
};
