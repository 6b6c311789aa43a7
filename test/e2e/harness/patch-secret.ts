import type { Scene } from "./scene.ts";

/** Writes these keys of a Secret of the scene, as text; the others stay. */
export async function patchSecret(
  scene: Scene,
  name: string,
  stringData: Record<string, string>,
): Promise<void> {
  await scene.kubectl("patch", "secret", name, "-p", JSON.stringify({ stringData }));
}
