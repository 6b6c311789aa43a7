/** How the webhook closes without losing a review. */
import { afterEach, describe, expect, test } from "@jest/globals";
import { ADMISSION_PATH } from "../api/names.ts";
import { postReview, reviewOf } from "./testing/client.ts";
import {
  POD,
  post,
  runningWebhooks,
  SLOW_CLIENT_MILLISECONDS,
} from "./testing/running-webhooks.ts";
import { closed } from "./testing/tls-client.ts";

const { start, openConnection, keptOpen, close } = runningWebhooks();
afterEach(close);

describe("a server that closes", () => {
  test("answers on open and new connections, and says that they end", async () => {
    const { webhook, target } = await start({ drainMilliseconds: 2_000 });
    const kept = keptOpen(target);
    const body = JSON.stringify(reviewOf(POD));
    expect((await post(kept, body)).headers.connection).toBe("keep-alive");

    const closing = webhook.close();
    const answers = await Promise.all([post(kept, body), post(target, body)]);
    expect(answers.map(({ status, headers }) => [status, headers.connection])).toStrictEqual([
      [200, "close"],
      [200, "close"],
    ]);
    await closing;
    await expect(post(target, body)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  test("does not wait for connections on which nothing happens", async () => {
    const { webhook, target } = await start();
    await postReview(keptOpen(target), reviewOf(POD));
    const begun = Date.now();
    await webhook.close();
    expect(Date.now() - begun).toBeLessThan(4_000);
  });

  test(
    "ends within its deadline, whatever a client does not send",
    async () => {
      const { webhook, target } = await start();
      await openConnection(target);
      const begun = Date.now();
      await webhook.close();
      expect(Date.now() - begun).toBeLessThan(SLOW_CLIENT_MILLISECONDS);
    },
    SLOW_CLIENT_MILLISECONDS + 1_000,
  );

  test("answers the review that is on its way", async () => {
    const { webhook, target } = await start();
    const body = JSON.stringify(reviewOf(POD));
    const client = await openConnection(target);
    client.socket.write(
      `POST ${ADMISSION_PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 50)}`,
    );
    // The server has the head of the request once it answers a later one.
    await post(target, "{}");
    const closing = webhook.close();
    await expect(Promise.race([closing, closed(client.socket, 300)])).rejects.toThrow("still open");
    client.socket.write(body.slice(50));
    expect(await closed(client.socket, SLOW_CLIENT_MILLISECONDS)).toMatch(
      /^HTTP\/1\.1 200 OK\r\n.*Connection: close\r\n.*"allowed":true/s,
    );
    await closing;
  });
});
