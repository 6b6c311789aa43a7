/** What a reader of collections says while it reads; by which way it reads is in watch.whole.test.ts. */
import { expect, test } from "@jest/globals";
import { createCollectionReader } from "./collection-reader.ts";
import type { WatchEvent } from "./follow.ts";
import type { KubeClient } from "./kube-client.ts";

const thing = (name: string): WatchEvent["object"] => ({
  metadata: { name, namespace: "shop", resourceVersion: "7" },
});
const END: WatchEvent = {
  type: "BOOKMARK",
  object: {
    metadata: {
      name: "",
      resourceVersion: "9",
      annotations: { "k8s.io/initial-events-end": "true" },
    },
  },
};

async function* watch(): AsyncGenerator<WatchEvent, void> {
  yield { type: "ADDED", object: thing("a") };
  yield { type: "ADDED", object: thing("b") };
  yield END;
  yield { type: "ADDED", object: thing("later") };
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
  expect(came).toBe(3);
  expect(Object.fromEntries(seen)).toEqual({ "shop/a": "a", "shop/b": "b" });
  expect(version).toBe("9");
  expect((await events?.next())?.value).toEqual({ type: "ADDED", object: thing("later") });
});
