/** Unit, golden and chart tests: no cluster. End-to-end tests have jest.e2e.config.js. */
export default {
  testMatch: [
    "<rootDir>/operator/**/*.test.ts",
    "<rootDir>/chart/tests/*.test.ts",
    "<rootDir>/test/*.test.ts",
    "<rootDir>/test/mutants/*.test.ts",
    "<rootDir>/examples/**/*.test.ts",
  ],
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
