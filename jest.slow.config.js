import unit from "./jest.config.js";

/** Tests without a cluster that flood, attack, fuzz or wait for long. Before a commit they would take too long. */
export default {
  ...unit,
  testMatch: ["<rootDir>/operator/**/*.slow.test.ts", "<rootDir>/test/fuzz/*.slow.test.ts"],
  testPathIgnorePatterns: ["/node_modules/"],
  // What one floods another has to answer in time: they share the machine with few.
  maxWorkers: 3,
};
