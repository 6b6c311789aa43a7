/** Which mounts of others stay in the sidecar that a later call finds. */
import { CONFIG_PATH, SERVICE_ACCOUNT_PATH, STATE_PATH } from "../api/names.ts";
import type { Volume, VolumeMount } from "./pod.ts";
import { OUR_VOLUMES } from "./volume.ts";

/** Our folders, and where a token would lie: the sidecar has none, with an empty volume over it or without. */
const OURS = [CONFIG_PATH, STATE_PATH, SERVICE_ACCOUNT_PATH].map(foldersOf);

/** Where the image's program, its libraries and what names further ones are looked for. */
const LOADED_FROM = [
  "/usr/bin",
  "/usr/lib",
  "/lib",
  "/lib64",
  "/sidecar.cjs",
  "/etc/ld.so.preload",
  "/etc/ld.so.cache",
  "/etc/ssl/openssl.cnf",
].map(foldersOf);

/** The folders of a path from the root down, as the kubelet sees them: `/a//./b/../c/` is a, c. */
function foldersOf(path = ""): string[] {
  const folders: string[] = [];
  for (const step of path.split("/")) {
    if (step === "..") folders.pop();
    else if (step !== "" && step !== ".") folders.push(step);
  }
  return folders;
}

function isWithin(folders: readonly string[], outer: readonly string[]): boolean {
  return outer.every((step, depth) => folders[depth] === step);
}

/**
 * Whether a mount of others lies in one of our folders, or in or over a place that the program is loaded
 * from. One over our folders does no harm: mounts that lie deeper come on top.
 */
function isInTheWay({ mountPath }: VolumeMount): boolean {
  const folders = foldersOf(mountPath);
  return (
    OURS.some((own) => isWithin(folders, own)) ||
    LOADED_FROM.some((place) => isWithin(folders, place) || isWithin(place, folders))
  );
}

/** Only privileged containers may hand mounts on to the node. Ours is not, and the pod would be refused. */
function withoutPropagation(mount: VolumeMount): VolumeMount {
  const { mountPropagation, ...rest } = mount;
  return mountPropagation === "Bidirectional" ? rest : mount;
}

/** Linux takes no longer path, its end included (PATH_MAX): a container with such a mount never starts. */
const MAX_PATH_BYTES = 4_096;

function isTooLong({ mountPath = "" }: VolumeMount): boolean {
  return Buffer.byteLength(mountPath) >= MAX_PATH_BYTES;
}

/** Sources of volumes whose files and links the kubelet makes, of names that lead to nowhere outside. */
const MADE_BY_KUBELET = ["projected", "secret", "configMap", "downwardAPI"];

/**
 * The mounts that lie in another one, unless the kubelet makes what is in that. A symbolic link in the outer volume
 * would lead the inner one elsewhere, also over the program. Credential webhooks mount what they add side by side.
 */
function nested(mounts: readonly VolumeMount[], volumes: readonly Volume[]): Set<VolumeMount> {
  const made = new Set(
    volumes.filter((one) => MADE_BY_KUBELET.some((source) => one[source])).map(({ name }) => name),
  );
  const byPath = mounts
    .map((mount) => ({ mount, path: `/${foldersOf(mount.mountPath).join("/")}/` }))
    .sort((one, other) => (one.path < other.path ? -1 : 1));
  // In this order all that lies in a folder follows it at once. Each with each would take a second for a large pod.
  let outer = "";
  const within = new Set<VolumeMount>();
  for (const { mount, path } of byPath) {
    const isWithinOuter = outer !== "" && path.startsWith(outer);
    if (isWithinOuter && path !== outer) within.add(mount);
    if (!(isWithinOuter || made.has(mount.name))) outer = path;
  }
  return within;
}

/**
 * Ours, and those mounts of others that neither use our volumes nor are in the way, nor may lead there by a link.
 * `volumes` are the pod's.
 */
export function keepMounts(
  standing: readonly VolumeMount[],
  { ours, volumes }: { ours: readonly VolumeMount[]; volumes: readonly Volume[] },
): VolumeMount[] {
  const others = standing.filter(
    (mount) => !(OUR_VOLUMES.has(mount.name ?? "") || isTooLong(mount) || isInTheWay(mount)),
  );
  const hidden = nested(others, volumes);
  return [...ours, ...others.filter((mount) => !hidden.has(mount)).map(withoutPropagation)];
}
