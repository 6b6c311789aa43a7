/** What the sidecar finds in its environment, besides what its image sets. */
import { MOUNTED_KEYS_ENV, PORT_ENV } from "../../operator/api/names.ts";
import { MOUNTED_KEYS } from "./servers.ts";

/** Where it listens, the folder that writeMounted wrote, and the one for its marks. */
export interface SidecarPlace {
  port: number;
  mounted: string;
  state: string;
}

/** For a sidecar outside of a pod. */
export function sidecarEnvironment({ port, mounted, state }: SidecarPlace): Record<string, string> {
  return {
    [PORT_ENV]: String(port),
    [MOUNTED_KEYS_ENV]: MOUNTED_KEYS,
    HEALTHPOLICY_CONFIG_PATH: mounted,
    HEALTHPOLICY_STATE_PATH: state,
  };
}
