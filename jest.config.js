/** Unit, golden and chart tests that are quick: no cluster. jest.slow.config.js and others run the rest. */
export default {
  testMatch: [
    "<rootDir>/operator/**/*.test.ts",
    "<rootDir>/chart/tests/*.test.ts",
    "<rootDir>/test/*.test.ts",
    "<rootDir>/test/connections/*.test.ts",
    "<rootDir>/test/fuzz/*.test.ts",
    "<rootDir>/test/mutants/*.test.ts",
    "<rootDir>/examples/**/*.test.ts",
    "<rootDir>/release/*.test.ts",
    "<rootDir>/bench/**/*.test.ts",
  ],
  testPathIgnorePatterns: ["/node_modules/", "\\.slow\\.test\\.ts$"],
  // Most of the time goes into waiting for real servers and deadlines, so more workers than cores.
  maxWorkers: 7,
  testEnvironment: "node",
  extensionsToTreatAsEsm: [".ts"],
  transform: {
    "^.+\\.ts$": [
      "@swc/jest",
      {
        jsc: { parser: { syntax: "typescript" }, target: "es2024" },
        module: { type: "es6" },
      },
    ],
  },
};
