/** What a reader of collections says while it reads; by which way it reads is in watch.whole.test.ts. */
import { expect, test } from "@jest/globals";
import { createCollectionReader } from "./collection-reader.ts";
import type { WatchEvent } from "./follow.ts";
import type { KubeClient } from "./kube-client.ts";

const changed = (name: string, now: string | undefined): WatchEvent<string> => ({
  resourceVersion: "7",
  change: { key: `shop/${name}`, now },
  endsInitialEvents: false,
});
const LATER = changed("later", "later");

async function* watch(): AsyncGenerator<WatchEvent<string>, void> {
  yield changed("a", "a");
  yield changed("b", "b");
  yield { resourceVersion: "8", endsInitialEvents: false };
  yield changed("a", undefined);
  yield { resourceVersion: "9", endsInitialEvents: true };
  yield LATER;
}

test("says of each event that it came, and gives the watch on at the end of the collection", async () => {
  let came = 0;
  const read = createCollectionReader<string>({
    client: {} as KubeClient,
    path: "/api/v1/things",
    selector: {},
    project: ({ metadata }) => metadata.name,
    open: watch,
    onEvent: () => {
      came += 1;
    },
  });
  const { seen, version, events } = await read(new AbortController().signal);
  expect(came).toBe(5);
  expect(Object.fromEntries(seen)).toEqual({ "shop/a": undefined, "shop/b": "b" });
  expect(version).toBe("9");
  expect((await events?.next())?.value).toEqual(LATER);
});
