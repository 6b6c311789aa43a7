/** The environment of a check of the installation as typed values. Pure. */

/** Where the parts of the installation are. */
export interface CheckSettings {
  namespace: string;
  webhookService: string;
  testNamespace: string;
}

function value(env: NodeJS.ProcessEnv, name: string): string {
  const text = env[name];
  if (!text) throw new Error(`environment variable ${name} is not set`);
  return text;
}

/** Throws where one is not set, with its name. */
export function readCheckSettings(env: NodeJS.ProcessEnv): CheckSettings {
  return {
    namespace: value(env, "POD_NAMESPACE"),
    webhookService: value(env, "WEBHOOK_SERVICE"),
    testNamespace: value(env, "TEST_NAMESPACE"),
  };
}
