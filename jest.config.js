/** Unit, golden and chart tests: no cluster. End-to-end tests have jest.e2e.config.js. */
export default {
  testMatch: [
    "<rootDir>/operator/**/*.test.ts",
    "<rootDir>/chart/**/*.test.ts",
    "<rootDir>/test/*.test.ts",
    "<rootDir>/examples/**/*.test.ts",
  ],
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
