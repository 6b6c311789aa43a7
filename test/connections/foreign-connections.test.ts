import { expect, test } from "@jest/globals";
import { type ConnectedPod, type Connection, foreignConnections } from "./foreign-connections.ts";

const LEADER: ConnectedPod = {
  namespace: "healthpolicy-system",
  name: "healthpolicy-operator-5d9-abcde",
  device: "veth1",
  address: "10.244.0.5",
};
const REPLICA = {
  ...LEADER,
  name: "healthpolicy-operator-5d9-fghij",
  device: "veth2",
  address: "10.244.0.6",
};
const APP = { namespace: "shop", name: "web", device: "veth3", address: "10.244.0.7" };
const HELM_TEST = {
  ...LEADER,
  name: "healthpolicy-test",
  device: "veth4",
  address: "10.244.0.8",
};
/** A pod of before whose address the leader has now. */
const GONE = { ...APP, name: "gone", device: "veth5", address: LEADER.address };
const PODS = [GONE, LEADER, REPLICA, APP, HELM_TEST];

const tcp = (address: string, port: number) => ({ protocol: "tcp", address, port });
const API_SERVER = tcp("10.96.0.1", 443);
const NAME_SERVERS = { protocol: "udp", address: "10.96.0.10", port: 53 };
const ON_PURPOSE = tcp("172.18.0.2", 9);
const EXPECTED = { services: [API_SERVER, NAME_SERVERS], onPurpose: ON_PURPOSE };

const from = ({ device, address }: ConnectedPod, to: typeof API_SERVER): Connection => ({
  device,
  source: address,
  ...to,
});

/** What is said of these, where the record is known to work. */
const saidOf = (...connections: Connection[]) =>
  foreignConnections(
    { connections: [from(LEADER, ON_PURPOSE), ...connections], pods: PODS },
    EXPECTED,
  );

test.each([
  ["API server", API_SERVER],
  ["name server", NAME_SERVERS],
  ["another replica", tcp(REPLICA.address, 9_443)],
  ["a sidecar's first port", tcp(APP.address, 19_847)],
  ["a sidecar's last port", tcp(APP.address, 19_910)],
])("the operator may speak with %s", (_, to) => {
  expect(saidOf(from(LEADER, to))).toEqual([]);
});

test.each([
  ["an address outside", tcp("203.0.113.7", 443)],
  ["another port of the API server's address", tcp(API_SERVER.address, 80)],
  ["the API server by another protocol", { ...API_SERVER, protocol: "udp" }],
  ["a name server outside", { ...NAME_SERVERS, address: "203.0.113.53" }],
  ["a database", tcp(APP.address, 5_432)],
  ["a port before the sidecars'", tcp(APP.address, 19_846)],
  ["a port after the sidecars'", tcp(APP.address, 19_911)],
  ["a sidecar's port by UDP", { protocol: "udp", address: APP.address, port: 19_847 }],
  ["a sidecar's port where there is no pod", tcp("203.0.113.7", 19_847)],
  ["the webhook's port of an app", tcp(APP.address, 9_443)],
])("and not with %s", (_, to) => {
  const { protocol, address, port } = to;
  expect(saidOf(from(LEADER, to))).toEqual([
    `${LEADER.name} connected to ${address}, port ${port} (${protocol}): no API server, name server, replica or sidecar is there`,
  ]);
});

test.each([
  ["an app", APP],
  ["a pod that had the leader's address", GONE],
  ["the pod of helm test", HELM_TEST],
])("%s may connect to anything", (_, pod) => {
  expect(saidOf(from(pod, tcp("203.0.113.7", 443)))).toEqual([]);
});

test("a connection of an unknown pod is told", () => {
  expect(saidOf({ device: "veth9", source: LEADER.address, ...API_SERVER })).toEqual([
    "10.244.0.5 connected to 10.96.0.1, port 443 (tcp), and nobody knows which pod it was",
  ]);
});

test("a record without the connection that was made on purpose is not believed", () => {
  const connections = [from(LEADER, API_SERVER)];
  expect(foreignConnections({ connections, pods: PODS }, EXPECTED)).toEqual([
    "a replica connected to 172.18.0.2, port 9, on purpose, and that was not recorded",
  ]);
});
