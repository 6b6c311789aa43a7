import unit from "./jest.config.js";

/** For `make mutants`: the unit tests without whole programs, whose start would be paid once per mutant. */
export default {
  ...unit,
  testMatch: ["<rootDir>/operator/**/*.test.ts"],
  testPathIgnorePatterns: ["<rootDir>/operator/cmd/", "/node_modules/"],
  maxWorkers: 1,
};
