/** Unit, golden and chart tests that are quick: no cluster. jest.slow.config.js and others run the rest. */
export default {
  testMatch: [
    "<rootDir>/operator/**/*.test.ts",
    "<rootDir>/chart/tests/*.test.ts",
    "<rootDir>/test/*.test.ts",
    "<rootDir>/test/connections/*.test.ts",
    "<rootDir>/test/fuzz/*.test.ts",
    "<rootDir>/test/jest/*.test.ts",
    "<rootDir>/test/mutants/*.test.ts",
    "<rootDir>/examples/**/*.test.ts",
    "<rootDir>/release/*.test.ts",
    "<rootDir>/bench/**/*.test.ts",
  ],
  testPathIgnorePatterns: ["/node_modules/", "\\.slow\\.test\\.ts$"],
  // Most of the time goes into waiting for real servers and deadlines, so more workers than cores.
  maxWorkers: 7,
  // Node's own modules, which each worker loads once. Node strips the types.
  testRunner: "<rootDir>/test/jest/run-test-file.ts",
  transform: {},
};
