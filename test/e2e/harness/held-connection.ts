import { spawn } from "node:child_process";
import { FAULT_VISIBLE } from "../timeouts.ts";
import type { Target } from "./raw-connect.ts";
import { waitUntil } from "./wait-for.ts";

/**
 * Runs in the plain pod: keeps one connection and, for each line on standard input, sends PostgreSQL's
 * SSLRequest the first time. A server that answered once keeps the connection open and established.
 */
const SCRIPT = `
const [host, port] = process.argv.slice(1);
const socket = require("node:net").connect({ host, port: Number(port) });
const startup = Buffer.from("\\0\\0\\0\\x08\\x04\\xd2\\x16\\x2f", "latin1");
socket.on("connect", () => console.log("connected"));
socket.on("data", (data) => console.log("answer " + data.toString("latin1")));
socket.on("error", (error) => console.log("lost " + error.code));
socket.on("close", () => console.log("lost"));
process.stdin.on("data", () => socket.write(startup));
`;

/** A connection that was made before a fault. */
export interface HeldConnection {
  /** Sends a request on it and tells whether the server's answer comes back. */
  stillAnswers(): Promise<boolean>;
  close(): void;
}

/** Opens a connection to a PostgreSQL server from the plain pod `client` and holds it. */
export async function holdQueryConnection(target: Target): Promise<HeldConnection> {
  const client = ["exec", "-i", "-n", target.namespace, "client", "--", "node", "-e", SCRIPT];
  const child = spawn("kubectl", [...client, target.host, String(target.port)]);
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const saw = (text: string) =>
    waitUntil({ what: `the held connection to say ${text}`, within: FAULT_VISIBLE }, async () =>
      output.includes(text),
    );
  await saw("connected");
  return {
    stillAnswers: async () => {
      child.stdin.write("ask\n");
      await saw("answer");
      return !output.includes("lost");
    },
    close: () => {
      child.stdin.end();
      child.kill();
    },
  };
}
