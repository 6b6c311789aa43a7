/** Bare TLS connections, for tests of what lies below HTTP. */
import type { Socket } from "node:net";
import { connect, type SecureVersion, type TLSSocket } from "node:tls";

/** An established connection; the caller ends it. */
export interface Handshake {
  socket: TLSSocket;
  protocol: string | null;
  /** Serial number of the server's certificate, in hexadecimal. */
  serial: string;
}

/** Connects with this version of TLS at most, and verifies the server. */
export function handshake(
  { port, ca }: { port: number; ca: string },
  maxVersion: SecureVersion = "TLSv1.3",
): Promise<Handshake> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: "localhost",
      port,
      ca,
      servername: "localhost",
      minVersion: "TLSv1",
      maxVersion,
      // Old versions sign with SHA-1, which the default level forbids the client itself.
      ciphers: "DEFAULT@SECLEVEL=0",
    });
    socket.unref();
    socket.once("error", reject);
    socket.once("secureConnect", () => {
      const serial = socket.getPeerCertificate().serialNumber;
      resolve({ socket, protocol: socket.getProtocol(), serial });
    });
  });
}

/** What the server has sent when it closes; rejects when it has not by then. */
export function closed(socket: Socket, milliseconds: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const deadline = setTimeout(() => reject(new Error("still open")), milliseconds);
    socket.on("data", (chunk) => {
      text += chunk;
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      clearTimeout(deadline);
      resolve(text);
    });
  });
}
