import { kubectl } from "./kubectl.ts";
import type { Pod } from "./pods.ts";

/** Creates an object, and gives it as admission made it. */
export async function created<T = Pod>(object: object): Promise<T> {
  const input = JSON.stringify(object);
  return JSON.parse(await kubectl(["create", "-o", "json", "-f", "-"], { input })) as T;
}
