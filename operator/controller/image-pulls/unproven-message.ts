/** What a policy says while nothing has shown that pods start with the image again, and the next leader reads. Pure. */

/** Whose pods can show it: those of the policy's namespace, or all. */
export type UnprovenScope = "here" | "everywhere";

const SCOPES: readonly UnprovenScope[] = ["here", "everywhere"];

/** The sentence, that stands before all else that the condition Programmed says. */
export function unprovenMessage(image: string, scope: UnprovenScope): string {
  const who = scope === "here" ? "new pod of this namespace" : "pod";
  return `Nodes could not pull or start the sidecar's image ${image}, and no ${who} has started with it yet: no pod is evicted before.`;
}

/** The scope of what this message says of this very image; undefined where it says nothing of the kind. */
export function readUnprovenScope(message: string, image: string): UnprovenScope | undefined {
  return SCOPES.find((scope) => message.startsWith(unprovenMessage(image, scope)));
}
