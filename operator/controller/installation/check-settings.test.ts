import { expect, test } from "@jest/globals";
import { readCheckSettings } from "./check-settings.ts";

const ENV = { POD_NAMESPACE: "system", WEBHOOK_SERVICE: "webhook", TEST_NAMESPACE: "system-test" };

test("all three are needed", () => {
  expect(readCheckSettings(ENV)).toStrictEqual({
    namespace: "system",
    webhookService: "webhook",
    testNamespace: "system-test",
  });
  for (const name of Object.keys(ENV)) {
    expect(() => readCheckSettings({ ...ENV, [name]: "" })).toThrow(
      `environment variable ${name} is not set`,
    );
  }
});
