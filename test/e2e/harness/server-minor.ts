import { kubectl } from "./kubectl.ts";

/** Of Kubernetes that knows resources of a pod as a whole, unless that is switched off. */
export const POD_RESOURCES_SINCE_MINOR = 34;
/** Of Kubernetes that fills in the limits of such a pod, from those of its containers. */
export const POD_LIMITS_FILLED_IN_SINCE_MINOR = 37;

/** The minor version of the API server, 33 of v1.33.13; providers write a plus sign after it, which is left out. */
export async function serverMinor(): Promise<number> {
  const { minor } = JSON.parse(await kubectl(["get", "--raw", "/version"])) as { minor: string };
  return Number.parseInt(minor, 10);
}
