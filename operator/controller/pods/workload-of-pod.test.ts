import { expect, test } from "@jest/globals";
import { workloadOfPod } from "./workload-of-pod.ts";

const apps = (kind: string, name: string) => ({ apiVersion: "apps/v1", kind, name });
const job = (name: string) => ({ apiVersion: "batch/v1", kind: "Job", name });
const HASH = { labels: { "pod-template-hash": "5d9c7b" } };
/** 29,840,000 minutes after 1970. */
const SCHEDULED = "2026-09-26T05:20:00Z";

function workload(owner: object | undefined, metadata: object = {}): string {
  const ownerReferences = owner ? [{ controller: true, ...owner }] : [];
  return workloadOfPod({
    name: "pod-1",
    creationTimestamp: SCHEDULED,
    ownerReferences,
    ...metadata,
  });
}

test.each([
  ["a Deployment's", apps("ReplicaSet", "web-5d9c7b"), HASH, "Deployment/web"],
  ["a ReplicaSet's without a hash", apps("ReplicaSet", "web-5d9c7b"), {}, "ReplicaSet/web-5d9c7b"],
  ["a ReplicaSet's of another hash", apps("ReplicaSet", "web-1"), HASH, "ReplicaSet/web-1"],
  ["a ReplicaSet's that is nothing but a hash", apps("ReplicaSet", "-5d9c7b"), HASH, "Pod/pod-1"],
  ["a StatefulSet's", apps("StatefulSet", "db"), {}, "StatefulSet/db"],
  ["a DaemonSet's", apps("DaemonSet", "log"), {}, "DaemonSet/log"],
  ["a Job's", job("migrate"), {}, "Job/migrate"],
  ["a CronJob's", job("report-29840000"), {}, "CronJob/report"],
  ["a CronJob's, a week late", job("report-29829920"), {}, "CronJob/report"],
  [
    "a Job's of eight digits that are no time of now",
    job("report-29829919"),
    {},
    "Job/report-29829919",
  ],
  ["a Job's that is named after a date", job("migrate-20260926"), {}, "Job/migrate-20260926"],
  ["a Job's of nine digits", job("report-298400000"), {}, "Job/report-298400000"],
  [
    "another controller's",
    { apiVersion: "x.example/v1", kind: "Rollout", name: "web" },
    {},
    "Rollout/web",
  ],
  [
    "another API's ReplicaSet",
    { ...apps("ReplicaSet", "web-5d9c7b"), apiVersion: "x/v1" },
    HASH,
    "ReplicaSet/web-5d9c7b",
  ],
  ["nobody's", undefined, {}, "Pod/pod-1"],
  [
    "an owner's that does not control it",
    { ...apps("DaemonSet", "log"), controller: false },
    {},
    "Pod/pod-1",
  ],
  ["one with text for a kind", apps("Set; rm", "log"), {}, "Pod/pod-1"],
  ["one with too long a kind", apps("A".repeat(22), "log"), {}, "Pod/pod-1"],
  ["the longest kind's", apps("ReplicationController", "log"), {}, "ReplicationController/log"],
  ["one with text for a name", apps("DaemonSet", "a\nb"), {}, "Pod/pod-1"],
])("%s", (_whose, owner, metadata, expected) => {
  expect(workload(owner, metadata)).toBe(expected);
});
