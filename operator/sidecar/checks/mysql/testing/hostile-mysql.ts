/** Test fixture: MySQL servers that mean ill, each with what a check of them comes to. */
import type { Socket } from "node:net";
import type { Reason } from "../../../../api/reasons.ts";
import { writeForEver } from "../../testing/fake-server.ts";
import {
  converse,
  error,
  greeting,
  LOGGED_IN,
  moreData,
  ok,
  packet,
  publicKeyOf,
  RESULT_HEAD,
  row,
  switchTo,
} from "./fake-mysql.ts";

/** Answers the client's first packet with `bytes` without end. */
const flood = (bytes: Buffer) => (socket: Socket) => {
  socket.write(greeting({ plugin: "caching_sha2_password" }));
  socket.once("data", () => writeForEver(socket, bytes));
};

/** As many packets as fit into their count, in their right order. */
const allSequences = (make: (sequence: number) => Buffer) =>
  Buffer.concat(Array.from({ length: 256 }, (_, index) => make((index + 4) % 256)));

export const HOSTILE_MYSQL: [name: string, Reason, serve: (socket: Socket) => void][] = [
  ["switches-without-end", "ProtocolError", flood(switchTo("caching_sha2_password"))],
  ["keys-without-end", "ProtocolError", flood(moreData(2, publicKeyOf(4_096)))],
  [
    "longest-key",
    "TooManyConnections",
    converse(
      greeting({ plugin: "caching_sha2_password" }),
      moreData(2, [4]),
      moreData(4, publicKeyOf(4_096)),
      error(6, 1040),
    ),
  ],
  [
    "rows-without-end",
    "ProtocolError",
    (socket) => {
      converse(greeting(), ...LOGGED_IN, RESULT_HEAD)(socket);
      let pieces = 0;
      socket.on("data", () => {
        pieces += 1;
        if (pieces === 4) writeForEver(socket, allSequences(row));
      });
    },
  ],
  [
    "asks-for-a-file",
    "ProtocolError",
    converse(greeting(), ...LOGGED_IN, packet(1, [251], "/etc/passwd")),
  ],
  ["one-giant-packet", "ProtocolError", (socket) => socket.write(Buffer.alloc(16_384, 255))],
  ["no-greeting", "CheckTimeout", () => {}],
  ["no-answer", "CheckTimeout", converse(greeting(), ok(2))],
];
