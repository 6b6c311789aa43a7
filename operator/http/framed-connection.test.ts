import { Socket } from "node:net";
import { expect, test } from "@jest/globals";
import { FramedConnection } from "./framed-connection.ts";

test("an error, after which Node leaves a socket of TLS open, ends the connection", () => {
  const socket = new Socket();
  const connection = new FramedConnection(socket, 5_000);
  socket.emit("error", new Error("unexpected message"));
  expect([connection.destroyed, socket.destroyed]).toStrictEqual([true, true]);
});
