/** Bare TLS connections, for tests of what lies below HTTP. */
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { connect, type SecureVersion, type TLSSocket } from "node:tls";

/** An established connection; the caller ends it. */
export interface Handshake {
  socket: TLSSocket;
  protocol: string | null;
  /** Serial number of the server's certificate, in hexadecimal. */
  serial: string;
}

/** A server, and the address of this machine from which it is called; on its own network any of 127.0.0.0/8. */
interface Server {
  port: number;
  ca: string;
  localAddress?: string | undefined;
}

/** What the client can do: these versions, these groups for the exchange of keys, these cipher suites. */
interface Client {
  minVersion?: SecureVersion;
  maxVersion?: SecureVersion;
  ecdhCurve?: string;
  ciphers?: string;
}

/** Connects and verifies the server. */
export function handshake(
  { port, ca, localAddress }: Server,
  {
    minVersion = "TLSv1",
    maxVersion = "TLSv1.3",
    ecdhCurve = "auto",
    // Old versions sign with SHA-1, which the default level forbids the client itself.
    ciphers = "DEFAULT@SECLEVEL=0",
  }: Client = {},
): Promise<Handshake> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      // A source address of IPv4 goes with none of IPv6, to which localhost may lead.
      host: localAddress ? "127.0.0.1" : "localhost",
      ...(localAddress && { localAddress }),
      port,
      ca,
      servername: "localhost",
      minVersion,
      maxVersion,
      ecdhCurve,
      ciphers,
    });
    socket.unref();
    socket.once("error", reject);
    socket.once("secureConnect", () => {
      const serial = socket.getPeerCertificate().serialNumber;
      resolve({ socket, protocol: socket.getProtocol(), serial });
    });
  });
}

/** The first message that such a client sends, as one record. */
export function clientHello(): Promise<Buffer> {
  return new Promise((resolve) => {
    const wire = new Duplex({ read: () => undefined, write: (chunk: Buffer) => resolve(chunk) });
    connect({ socket: wire, servername: "localhost" });
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
