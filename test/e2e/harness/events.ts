import { MANAGED_BY } from "../../../operator/api/names.ts";
import { EVENTS_WRITTEN } from "../timeouts.ts";
import { kubectl } from "./kubectl.ts";
import { waitUntil } from "./wait-for.ts";

/** An object as kubectl takes it, such as `pod/web-1`. */
interface Described {
  namespace: string;
  object: string;
}

/** What kubectl describe prints of our Events on an object, a line each: type, reason, age, source, message. */
export async function describedEvents({ namespace, object }: Described): Promise<string> {
  const described = await kubectl(["-n", namespace, "describe", object]);
  const lines = described.split("\n").filter((line) => line.includes(` ${MANAGED_BY} `));
  return lines.map((line) => line.trim().replaceAll(/\s+/g, " ")).join("\n");
}

/**
 * Waits until kubectl describe prints this of our Events on an object, for `within` milliseconds: EVENTS_WRITTEN is
 * enough where a pod has turned unready or ready again.
 */
export async function eventTold(
  on: Described,
  text: RegExp,
  within: number = EVENTS_WRITTEN,
): Promise<void> {
  const what = `an Event on ${on.object} that matches ${text}`;
  await waitUntil({ what, within }, async () => text.test(await describedEvents(on)));
}
