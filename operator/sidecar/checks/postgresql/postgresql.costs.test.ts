import type { Socket } from "node:net";
import { expect, test } from "@jest/globals";
import { runCheck } from "../testing/contract.ts";
import { startFakeServer } from "../testing/fake-server.ts";
import { postgresql } from "./postgresql.ts";
import { servePostgresql } from "./testing/fake-postgresql.ts";
import { floodOfChallenges } from "./testing/hostile-postgresql.ts";
import { dependency, readSecretKey } from "./testing/postgresql-subject.ts";

/** What a check of such a server says that it takes besides handshakes, in milliseconds of CPU. */
async function costOf(serve: (socket: Socket) => void): Promise<number> {
  const fake = await startFakeServer(serve);
  let cost = 0;
  const onConnect = (cpuMilliseconds: number) => {
    cost += cpuMilliseconds;
  };
  await runCheck(postgresql, dependency({ port: fake.port }), { readSecretKey, onConnect });
  await fake.close();
  return cost;
}

test("a key of 100,000 rounds counts with what connecting takes: nothing else paces who asks for it", async () => {
  const ordinary = await costOf(servePostgresql);
  expect(ordinary).toBeLessThan(1);
  expect(await costOf(floodOfChallenges)).toBeCloseTo(ordinary + 11);
});
