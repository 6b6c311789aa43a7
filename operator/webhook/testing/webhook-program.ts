/**
 * A webhook as a process of its own, for tests of its memory: takes what the parent sends as the question how much it
 * holds. Answers with its port at first, then each time with kilobytes, after all that can be freed is.
 */
import { readFileSync } from "node:fs";
import { Registry } from "prom-client";
import { startWebhook } from "../server.ts";
import { testCertificate } from "./certificate.ts";
import { testKnowledge } from "./knowledge.ts";

const certificate = await testCertificate(1);
const { port } = await startWebhook({
  port: 0,
  podName: "operator-1",
  certificate,
  ...testKnowledge(),
  metrics: new Registry(),
  log: { info: () => undefined, error: () => undefined },
});
process.on("message", () => {
  globalThis.gc?.();
  const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  process.send?.(Number(kilobytes));
});
process.send?.({ port });
