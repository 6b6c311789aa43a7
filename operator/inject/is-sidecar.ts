/** Which container of a pod is the one that we inject. */
import { SIDECAR_CONTAINER } from "../api/names.ts";
import type { Container, Pod } from "./pod.ts";

/** Longer than any image that a registry serves; a longer text is no image. */
const IMAGE_MAX_LENGTH = 1_024;

/** An image's reference, taken apart; what it does not state is undefined. */
interface ImageReference {
  /** Where it is pulled from: `registry.example/healthpolicy/sidecar` in `registry.example/healthpolicy/sidecar:1`. */
  repository: string;
  /** The last part of the path: `sidecar` in `registry.example/healthpolicy/sidecar:1`. */
  name: string;
  tag: string | undefined;
  digest: string | undefined;
}

function imageReference(image: string): ImageReference {
  const [path = "", digest] = image.split("@", 2);
  const lastAt = path.lastIndexOf("/") + 1;
  const [name = "", tag] = path.slice(lastAt).split(":", 2);
  return { repository: path.slice(0, lastAt) + name, name, tag, digest };
}

function reference(image: unknown): ImageReference | undefined {
  if (typeof image !== "string" || image.length > IMAGE_MAX_LENGTH) return undefined;
  return imageReference(image);
}

/** What an image's reference states of its version: one of them, or both. */
export interface ImageVersion {
  tag?: string;
  digest?: string;
}

/** Tag and digest of an image; undefined where it states neither, or the text is no image's. */
export function imageVersion(image: unknown): ImageVersion | undefined {
  const { tag, digest } = reference(image) ?? {};
  if (tag === undefined && digest === undefined) return undefined;
  return { ...(tag !== undefined && { tag }), ...(digest !== undefined && { digest }) };
}

/**
 * Whether `container` is the sidecar, whose image is configured as `image`. It is told by its name and
 * by the image's own name. Registry and path before that do not count, because webhooks that send pulls
 * to a mirror rewrite them; tag and digest do not count, because pods keep their sidecar when the
 * operator is upgraded.
 */
export function isSidecar(container: Container, image: string): boolean {
  if (container.name !== SIDECAR_CONTAINER) return false;
  const name = reference(container.image)?.name;
  return name !== "" && name === imageReference(image).name;
}

/** Whether the sidecar stands in the pod. */
export function hasSidecar({ spec }: Pod, image: string): boolean {
  return (spec?.initContainers ?? []).some((container) => isSidecar(container, image));
}

/**
 * Whether `standing` is from another place than `configured`, and its tag is the configured one with more behind it:
 * what a mirror makes of it that keeps images of many registries apart, as Zarf's `1.0.0-zarf-2140033595`.
 */
function isTagOfMirror(standing: ImageReference, configured: ImageReference): boolean {
  if (standing.repository === configured.repository || configured.tag === undefined) return false;
  return standing.tag?.startsWith(`${configured.tag}-`) ?? false;
}

/**
 * Whether the images `standing` and `configured` are the same version: neither states a tag or digest
 * that differs from the other's, but for what a mirror adds to a tag. A webhook may have put a digest in the place of a
 * tag; that cannot be compared with it, and is trusted.
 */
export function isSameVersion(standing: unknown, configured: string): boolean {
  const left = reference(standing);
  const right = imageReference(configured);
  if (!left) return false;
  if (left.digest !== undefined && right.digest !== undefined) return left.digest === right.digest;
  if (left.digest !== undefined && left.tag === undefined) return true;
  return left.tag === right.tag || isTagOfMirror(left, right);
}

/** Whether the images `standing` and `configured` are pulled from one repository, whatever their tags and digests. */
export function isSameRepository(standing: unknown, configured: string): boolean {
  return reference(standing)?.repository === imageReference(configured).repository;
}
