/** How far a pod has come with its sidecar, and whether that has let it start. Pure. */
import { SIDECAR_CONTAINER } from "../../api/names.ts";
import { isSameVersion } from "../../inject/is-sidecar.ts";

/**
 * `Waiting`: the kubelet cannot get the image. The others have it:
 * - `NotStarting`: our container cannot be made or has ended, and nothing after it has had its turn;
 * - `Running`: it runs, and nothing after it has had its turn: it may crash the next moment;
 * - `Started`: it has let the pod go on, which it cannot take back by crashing later.
 */
export type StartState = "Waiting" | "NotStarting" | "Running" | "Started";

/** What the kubelet says of a container. */
export interface StartStatus {
  name?: string;
  state?: { waiting?: { reason?: string }; running?: object; terminated?: object };
  lastState?: { terminated?: object };
  restartCount?: number;
}

/** What the kubelet says of the containers of a pod; both lists are in the order of the spec. */
export interface StartStatuses {
  initContainerStatuses?: StartStatus[];
  containerStatuses?: StartStatus[];
}

/**
 * Reasons with which the kubelet says that it has no image to start, from `pkg/kubelet/images/types.go` and
 * `pkg/kubelet/kuberuntime` of Kubernetes 1.37.
 */
const NO_IMAGE: ReadonlySet<unknown> = new Set([
  "ErrImagePull",
  "ImagePullBackOff",
  "ErrImageNeverPull",
  "InvalidImageName",
  "ImageInspectError",
  "RegistryUnavailable",
  "SignatureValidationFailed",
]);

/**
 * Reasons with which it says that it has the image and no container that runs: `startContainer()` in
 * `pkg/kubelet/kuberuntime/kuberuntime_container.go` ends with one of these, and `doBackOff()` in
 * `kuberuntime_manager.go` waits with the first. A sidecar that ended with status 0 gets none of them and stays ended
 * (`convertToAPIContainerStatuses()` in `pkg/kubelet/kubelet_pods.go`).
 */
const NO_START: ReadonlySet<unknown> = new Set([
  "CrashLoopBackOff",
  "CreateContainerConfigError",
  "CreateContainerError",
  "PreCreateHookError",
  "PreStartHookError",
  "PostStartHookError",
  "RunContainerError",
]);

/** What a container waits with whose turn has not come: the kubelet has not tried to start it. */
const NO_TURN: ReadonlySet<unknown> = new Set([
  undefined,
  "",
  "PodInitializing",
  "ContainerCreating",
]);

/**
 * Whether the kubelet has ever tried to start a container. The next one has its turn when the kubelet, which looks once
 * a second, finds the native sidecar before it running (`computeInitContainerActions()`; ours has no startup probe to
 * wait for), and from then on no crash of the sidecar keeps it back. One that ends at once is seldom found so.
 */
function hadItsTurn({ state, lastState, restartCount = 0 }: StartStatus): boolean {
  if (restartCount > 0 || lastState?.terminated) return true;
  return Boolean(state?.running ?? state?.terminated) || !NO_TURN.has(state?.waiting?.reason);
}

/** The containers that the kubelet starts after ours. */
function after(own: StartStatus | undefined, statuses: StartStatuses): StartStatus[] {
  const { initContainerStatuses = [], containerStatuses = [] } = statuses;
  const inits = own ? initContainerStatuses.slice(initContainerStatuses.indexOf(own) + 1) : [];
  return [...inits, ...containerStatuses];
}

/**
 * The state of a pod with a container of ours whose image is `image`, where `configured` is what new pods get.
 * Undefined while it is none of these, and for another version: what holds for that one says nothing about new pods.
 *
 * It takes no clock: the API server tells of transitions alone. One that crashes goes from running over terminated to
 * CrashLoopBackOff and back, and each of these says the same for however long it lasts.
 */
export function startState(
  image: unknown,
  statuses: StartStatuses | undefined,
  configured: string,
): StartState | undefined {
  if (!(statuses && isSameVersion(image, configured))) return undefined;
  const own = statuses.initContainerStatuses?.find(({ name }) => name === SIDECAR_CONTAINER);
  const { waiting, running, terminated } = own?.state ?? {};
  if (NO_IMAGE.has(waiting?.reason)) return "Waiting";
  if (!(running || terminated || NO_START.has(waiting?.reason))) return undefined;
  if (after(own, statuses).some(hadItsTurn)) return "Started";
  return running ? "Running" : "NotStarting";
}
