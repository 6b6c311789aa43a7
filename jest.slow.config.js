import unit from "./jest.config.js";

/** Tests without a cluster that flood, attack, wait or start PostgreSQL. Before a commit they would take too long. */
export default {
  ...unit,
  testMatch: [
    "<rootDir>/{operator,chart,release}/**/*.slow.test.ts",
    "<rootDir>/test/{fuzz,jest}/*.slow.test.ts",
  ],
  testPathIgnorePatterns: ["/node_modules/"],
  // What one floods another has to answer in time: they share the machine with few.
  maxWorkers: 3,
};
