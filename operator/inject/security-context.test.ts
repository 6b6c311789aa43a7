/** What of a security context is tightened, and what stays. */
import { describe, expect, test } from "@jest/globals";
import type { SecurityContext } from "./pod.ts";
import { securityContext } from "./security-context.ts";

const TIGHT = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
  seccompProfile: { type: "RuntimeDefault" },
};
const OUR_USER = { runAsUser: 65_532, runAsGroup: 65_532 };

function inPodOf(runAsUser: number | undefined, standing?: SecurityContext) {
  const spec = runAsUser === undefined ? {} : { securityContext: { runAsUser } };
  return securityContext({ spec }, standing);
}

describe("the user is", () => {
  test.each<[string, number | undefined, SecurityContext | undefined, object]>([
    ["left to the image", undefined, undefined, {}],
    ["left to the pod", 1_000, undefined, {}],
    ["left as assigned", undefined, { runAsUser: 1_000_680_000 }, { runAsUser: 1_000_680_000 }],
    ["ours in a pod of root", 0, undefined, OUR_USER],
    ["ours in a container of root", 1_000, { runAsUser: 0 }, OUR_USER],
    ["left as assigned in a pod of root", 0, { runAsUser: 1_000 }, { runAsUser: 1_000 }],
    ["left in the group of root, as on OpenShift", 1_000, { runAsGroup: 0 }, { runAsGroup: 0 }],
  ])("%s", (_, pod, standing, user) => {
    expect(inPodOf(pod, standing)).toStrictEqual({ ...TIGHT, ...user });
  });
});

describe("taken back", () => {
  test.each<[string, SecurityContext]>([
    ["privileged", { privileged: true }],
    ["escalation", { allowPrivilegeEscalation: true }],
    ["a writable root", { readOnlyRootFilesystem: false }],
    ["root", { runAsNonRoot: false }],
    ["added capabilities", { capabilities: { add: ["NET_ADMIN"], drop: [] } }],
    ["no seccomp profile", { seccompProfile: { type: "Unconfined" } }],
    ["no AppArmor profile", { appArmorProfile: { type: "Unconfined" } }],
    ["an unmasked /proc", { procMount: "Unmasked" }],
  ])("%s", (_, standing) => {
    expect(inPodOf(undefined, standing)).toStrictEqual(TIGHT);
  });
});

describe("kept", () => {
  test.each<[string, SecurityContext]>([
    ["SELinux labels", { seLinuxOptions: { level: "s0:c26,c15" } }],
    [
      "a seccomp profile of the node",
      { seccompProfile: { type: "Localhost", localhostProfile: "p" } },
    ],
    ["an AppArmor profile", { appArmorProfile: { type: "RuntimeDefault" } }],
    ["an SELinux type, whatever its name", { seLinuxOptions: { type: "Unconfined" } }],
    ["an AppArmor profile that is not stated", { appArmorProfile: null }],
    ["a masked /proc", { procMount: "Default" }],
    ["privileged, turned off", { privileged: false }],
    ["more dropped capabilities", { capabilities: { drop: ["KILL", "ALL"] } }],
  ])("%s", (_, standing) => {
    expect(inPodOf(undefined, standing)).toStrictEqual({ ...TIGHT, ...standing });
  });
});
