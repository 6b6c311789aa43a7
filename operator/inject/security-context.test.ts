/** What of a security context is tightened, and what stays. */
import { describe, expect, test } from "@jest/globals";
import { SIDECAR_CONTAINER } from "../api/names.ts";
import type { PodSpec, SecurityContext } from "./pod.ts";
import { securityContext } from "./security-context.ts";
import { TIGHT } from "./testing/tight.ts";

function inPodOf(runAsUser: number | undefined, standing?: SecurityContext) {
  const spec = runAsUser === undefined ? {} : { securityContext: { runAsUser } };
  return securityContext({ spec }, standing);
}

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

describe("in a pod with an AppArmor profile of the node, which is made for the app", () => {
  const OF_THE_NODE = { type: "Localhost", localhostProfile: "app" };
  const OF_THE_RUNTIME = { appArmorProfile: { type: "RuntimeDefault" } };
  const ANNOTATION = `container.apparmor.security.beta.kubernetes.io/${SIDECAR_CONTAINER}`;

  function inConfinedPod(standing?: SecurityContext, annotations?: Record<string, string>) {
    const spec = { securityContext: { appArmorProfile: OF_THE_NODE } };
    return securityContext({ metadata: annotations ? { annotations } : {}, spec }, standing);
  }

  test.each<[string, SecurityContext | undefined]>([
    ["for a new container", undefined],
    ["for one that states nothing", { appArmorProfile: null }],
    ["for one that states none", { appArmorProfile: { type: "Unconfined" } }],
    ["for one that has it", OF_THE_RUNTIME],
  ])("the runtime's is stated: %s", (_, standing) => {
    expect(inConfinedPod(standing)).toStrictEqual({ ...TIGHT, ...OF_THE_RUNTIME });
  });

  test("one of the node that somebody stated in our container stays", () => {
    const standing = { appArmorProfile: { type: "Localhost", localhostProfile: "sidecar" } };
    expect(inConfinedPod(standing)).toStrictEqual({ ...TIGHT, ...standing });
  });

  test("none is stated where the deprecated annotation names our container's", () => {
    // API servers refuse a pod in which the two differ.
    expect(inConfinedPod(undefined, { [ANNOTATION]: "localhost/sidecar" })).toStrictEqual(TIGHT);
    expect(inConfinedPod(undefined, {})).toStrictEqual({ ...TIGHT, ...OF_THE_RUNTIME });
  });

  test.each([{ type: "RuntimeDefault" }, { type: "Unconfined" }])(
    "that of a pod with %j is left to it: its node may have no AppArmor",
    (appArmorProfile) => {
      const spec = { securityContext: { appArmorProfile } };
      expect(securityContext({ spec })).toStrictEqual(TIGHT);
    },
  );
});

describe("in a pod that has passed OpenShift's constraints", () => {
  const { seccompProfile: RUNTIME_DEFAULT, ...WITHOUT_PROFILE } = TIGHT;
  const UNCONFINED = { type: "Unconfined" };
  const LOCALHOST = { type: "Localhost", localhostProfile: "p" };
  const app = (profile: SecurityContext["seccompProfile"]) => ({
    name: "app",
    securityContext: profile ? { seccompProfile: profile } : {},
  });

  function onOpenShift(spec: PodSpec, standing?: SecurityContext) {
    return securityContext(
      { metadata: { annotations: { "openshift.io/scc": "anyuid" } }, spec },
      standing,
    );
  }

  test.each<[string, PodSpec]>([
    ["nothing else states one, as under anyuid", { containers: [app(undefined)] }],
    [
      "the pod does, as under restricted-v2",
      { securityContext: { seccompProfile: RUNTIME_DEFAULT } },
    ],
    ["the pod states one of the node", { securityContext: { seccompProfile: LOCALHOST } }],
    [
      "the pod says that there is none, as under constraints that allow no other",
      { securityContext: { seccompProfile: UNCONFINED }, containers: [app(UNCONFINED)] },
    ],
    [
      "the app has one of the node in such a pod, which may be the only other one",
      { securityContext: { seccompProfile: UNCONFINED }, containers: [app(LOCALHOST)] },
    ],
    [
      "our own container alone does",
      { initContainers: [{ ...app(RUNTIME_DEFAULT), name: SIDECAR_CONTAINER }] },
    ],
  ])("no seccomp profile is stated where %s", (_, spec) => {
    expect(onOpenShift(spec)).toStrictEqual(WITHOUT_PROFILE);
  });

  test.each<[string, PodSpec]>([
    [
      "a container of the app does, and the pod does not",
      { containers: [app(undefined), app(RUNTIME_DEFAULT)] },
    ],
    [
      "an init container of the app does",
      { initContainers: [app(LOCALHOST)], containers: [app(undefined)] },
    ],
    [
      "the pod says that there is none, and a container of the app has the runtime's",
      { securityContext: { seccompProfile: UNCONFINED }, containers: [app(RUNTIME_DEFAULT)] },
    ],
  ])("one is stated where %s", (_, spec) => {
    expect(onOpenShift(spec)).toStrictEqual(TIGHT);
  });

  test.each<[string, SecurityContext, object]>([
    ["the runtime's stays", { seccompProfile: RUNTIME_DEFAULT }, TIGHT],
    [
      "one of the node stays",
      { seccompProfile: LOCALHOST },
      { ...TIGHT, seccompProfile: LOCALHOST },
    ],
    ["none is taken back", { seccompProfile: UNCONFINED }, WITHOUT_PROFILE],
  ])("of those that somebody stated in our container, %s", (_, standing, want) => {
    expect(onOpenShift({ containers: [app(undefined)] }, standing)).toStrictEqual(want);
  });
});
