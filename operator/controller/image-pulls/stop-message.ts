/** What a policy says while injection is stopped. Pure. */

const beginningWith = (image: string) => `The sidecar's image ${image} cannot be pulled by nodes`;
const OVER =
  "Injection goes on once a pod that waits has the image, ten minutes after the last pod that waits is gone, or when another image is set in the chart's values.";

/**
 * The sentences; `pod` is one of the policy's namespace that waits. Pods of other namespaces are not named: who may
 * read this policy may not know of them.
 */
export function stopMessage(
  image: string,
  { namespace, pod }: { namespace: string; pod: string | undefined },
): string {
  const where = pod === undefined ? " for pods of other namespaces" : "";
  const what = `${beginningWith(image)}${where}, so new pods start without the sidecar.`;
  if (pod === undefined) return `${what} ${OVER}`;
  const why = `What the nodes say: kubectl describe pod ${pod} -n ${namespace}.`;
  const stuck = "Pods that wait already do not start before they have it: delete them.";
  return `${what} ${why} ${stuck} ${OVER}`;
}

/** Whether a message is of a stop because of this very image. */
export function isAbout(message: string, image: string): boolean {
  return message.startsWith(beginningWith(image));
}
