import { expect, test } from "@jest/globals";
import { Registry } from "prom-client";
import { workMetrics } from "./work-metrics.ts";

test("calls by verb and status, waits and failures by kind of work, Events by reason and result", async () => {
  const registry = new Registry();
  const { onCall, observer, onEventResult } = workMetrics(registry);
  onCall({ verb: "patch", code: 200 });
  onCall({ verb: "patch", code: 200 });
  onCall({ verb: "watch", code: undefined });
  const item = { kind: "policy", namespace: "shop", name: "web" } as const;
  observer.onStart(item, 0.75);
  observer.onFailure(item);
  onEventResult("PodEvicted", "written");
  const text = await registry.metrics();
  expect(text).toContain('healthpolicy_api_calls_total{verb="patch",code="200"} 2');
  expect(text).toContain('healthpolicy_api_calls_total{verb="watch",code="none"} 1');
  expect(text).toContain('healthpolicy_queue_latency_seconds_bucket{le="0.5",kind="policy"} 0');
  expect(text).toContain('healthpolicy_queue_latency_seconds_bucket{le="1",kind="policy"} 1');
  expect(text).toContain('healthpolicy_reconcile_errors_total{kind="policy"} 1');
  const events = (reason: string, result: string) =>
    `healthpolicy_events_total{reason="${reason}",result="${result}"}`;
  expect(text).toContain(`${events("PodEvicted", "written")} 1`);
  expect(text).toContain(`${events("DependencyUnavailable", "left_out")} 0`);
  // Its first failure must be seen as an increase.
  expect(text).toContain('healthpolicy_reconcile_errors_total{kind="certificate"} 0');
  // A series for each policy would be one for each name that anybody can make.
  expect(text).not.toContain("shop");
});
