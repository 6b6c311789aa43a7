import { beforeEach, expect, test } from "@jest/globals";
import type { FleetConfig } from "../api/policy-file.ts";
import { logPolicy } from "./log-policy.ts";
import { database, policy } from "./testing/test-pod.ts";

const FLEET: FleetConfig = { maxUnready: { percent: 50 }, pods: 3, peers: [] };
const peer = { ip: "10.0.0.1", port: 19_847 };

let lines: string[];
let note: ReturnType<typeof logPolicy>;
beforeEach(() => {
  lines = [];
  note = logPolicy((_, message, fields) => lines.push(`${message} ${fields?.generation}`));
});

test("a policy, each edit of it and its removal have a line", () => {
  note(undefined);
  note(policy([database()]));
  note(policy([database()], { generation: 2 }));
  note(undefined);
  note(undefined);
  note(policy([database()], { generation: 2 }));
  expect(lines).toStrictEqual([
    "policy in force 1",
    "policy in force 2",
    "policy removed undefined",
    "policy in force 2",
  ]);
});

test("other peers have none, another limit has", () => {
  note(policy([database()], { fleet: FLEET }));
  note(policy([database()], { fleet: { ...FLEET, pods: 4, peers: [peer] } }));
  expect(lines).toHaveLength(1);
  note(policy([database()], { fleet: { ...FLEET, maxUnready: { percent: 60 } } }));
  note(policy([database()]));
  expect(lines).toHaveLength(3);
});
