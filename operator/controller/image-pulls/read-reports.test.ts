import { expect, test } from "@jest/globals";
import { isStopped } from "./injection-stop.ts";
import { type ReportingPolicy, readReports } from "./read-reports.ts";
import { type StopScope, stopMessage } from "./stop-message.ts";
import { isUnproven } from "./unproven.ts";
import { type UnprovenScope, unprovenMessage } from "./unproven-message.ts";

const IMAGE = "registry.example/healthpolicy/sidecar:1";
const NAMESPACES = ["shop", "blog", "wiki"];
const lastTransitionTime = "2026-02-03T04:05:06Z";

function saying(namespace: string, reason: string, message: string): ReportingPolicy {
  const conditions = [
    { type: "Accepted", reason: "Accepted", message: "The policy is valid.", lastTransitionTime },
    { type: "Programmed", reason, message, lastTransitionTime },
  ];
  return { namespace, status: { conditions } };
}

const stopped = (namespace: string, scope: StopScope, pod?: string) =>
  saying(namespace, "ImageNotPulled", stopMessage(IMAGE, { scope, namespace, pod }));
const unproven = (namespace: string, scope: UnprovenScope) =>
  saying(namespace, "Programmed", `${unprovenMessage(IMAGE, scope)} A pod created now gets it.`);

/** Which namespaces are stopped for their own pods, which are stopped, and which are unproven. */
function read(policies: ReportingPolicy[], image = IMAGE): string[] {
  const { history, unproven: known } = readReports(policies, image, 0);
  const own = [...history.stopped.keys()];
  const all = NAMESPACES.filter((namespace) => isStopped(history, namespace));
  const doubtful = NAMESPACES.filter((namespace) => isUnproven(known, namespace));
  return [own, all, doubtful].map((names) => names.join(" "));
}

test.each<[string, ReportingPolicy[], string[]]>([
  ["nothing", [], ["", "", ""]],
  ["no status", [{ namespace: "shop", status: undefined }], ["", "", ""]],
  ["one that was stopped for itself", [stopped("shop", "here")], ["shop", "shop", ""]],
  [
    "two that were stopped for themselves, whether a pod is named or not",
    [stopped("shop", "here", "web-1"), stopped("blog", "here")],
    ["shop blog", "shop blog", ""],
  ],
  [
    "all, with the one whose pods waited",
    [stopped("shop", "everywhere", "web-1"), stopped("blog", "elsewhere")],
    ["shop", "shop blog wiki", ""],
  ],
  [
    "all, of which the last leader told one policy alone",
    [stopped("blog", "elsewhere")],
    ["", "shop blog wiki", ""],
  ],
  [
    "all, by the one whose pods waited",
    [stopped("shop", "everywhere")],
    ["shop", "shop blog wiki", ""],
  ],
  ["one that is unproven", [unproven("shop", "here")], ["", "", "shop"]],
  ["all that are unproven", [unproven("wiki", "everywhere")], ["", "", "shop blog wiki"]],
  [
    "another reason with such words",
    [
      saying(
        "shop",
        "Reconciling",
        stopMessage(IMAGE, { scope: "here", namespace: "shop", pod: "" }),
      ),
    ],
    ["", "", ""],
  ],
])("reads %s", (_what, policies, expected) => {
  expect(read(policies)).toStrictEqual(expected);
});

test.each([`${IMAGE}0`, "registry.example/healthpolicy/sidecar:2", "registry.example"])(
  "nothing of it holds for the image %s",
  (image) => {
    const policies = [
      stopped("shop", "here"),
      stopped("blog", "elsewhere"),
      unproven("wiki", "here"),
    ];
    expect(read(policies, image)).toStrictEqual(["", "", ""]);
  },
);

test("unproven since the condition turned, and stopped as if a pod waited now", () => {
  const { history, unproven: known } = readReports(
    [stopped("shop", "everywhere"), unproven("blog", "here")],
    IMAGE,
    5_000,
  );
  expect(known.here.get("blog")).toBe(Date.parse(lastTransitionTime));
  expect(history.stopped.get("shop")).toBe(5_000);
  expect(history.everywhere).toBe(5_000);
});
