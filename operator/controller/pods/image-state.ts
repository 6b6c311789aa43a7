/** How far a pod has come with the sidecar's image. Pure. */
import { isSameVersion } from "../../inject/is-sidecar.ts";

/**
 * `Waiting`: the kubelet cannot get the very image that the operator injects. `WaitingElsewhere`: it cannot get the
 * same version from another registry, to which something in the pod's namespace sends it. `Pulled`: our container runs.
 */
export type ImageState = "Waiting" | "WaitingElsewhere" | "Pulled";

/** What the kubelet says of our container. */
export interface ImageStatus {
  state?: { waiting?: { reason?: string }; running?: object };
}

/**
 * Reasons with which the kubelet says that it has no image to start, from `pkg/kubelet/images/types.go` and
 * `pkg/kubelet/kuberuntime` of Kubernetes 1.36.
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
 * The state of a container of ours whose image is `image`, where `configured` is what new pods get. Undefined while it
 * is none of these, and for another version: what holds for that one says nothing about new pods.
 */
export function imageState(
  image: unknown,
  status: ImageStatus | undefined,
  configured: string,
): ImageState | undefined {
  if (!isSameVersion(image, configured)) return undefined;
  const { waiting, running } = status?.state ?? {};
  if (NO_IMAGE.has(waiting?.reason)) return image === configured ? "Waiting" : "WaitingElsewhere";
  return running ? "Pulled" : undefined;
}
