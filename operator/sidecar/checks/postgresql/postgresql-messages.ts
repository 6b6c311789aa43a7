/** Pure: what a client says to a PostgreSQL server, as bytes. Texts must hold no NUL: it ends a field. */
import { hash } from "node:crypto";
import type { Login } from "./postgresql-target.ts";

/** Version 3.0 of the protocol, which every server since PostgreSQL 7.4 speaks. */
const PROTOCOL_VERSION = 3 << 16;

/** What the database's administrator sees in pg_stat_activity. */
const APPLICATION_NAME = "healthpolicy";

/** Ends the session, so that the server does not log a lost client. */
export const TERMINATE: Buffer = Buffer.from([0x58, 0, 0, 0, 4]);

/** The first message of a session. It is the only one without a type. */
export function startupMessage({ user, database, options }: Login): Buffer {
  const parameters = {
    user,
    database,
    application_name: APPLICATION_NAME,
    // The query is sent in UTF-8, whatever the server's default is.
    client_encoding: "UTF8",
    ...(options === undefined ? {} : { options }),
  };
  const fields = Object.entries(parameters).flat().join("\0");
  const body = Buffer.from(`${fields}\0\0`);
  return Buffer.concat([int32(body.length + 8), int32(PROTOCOL_VERSION), body]);
}

/** A query of one or more statements. */
export function queryMessage(query: string): Buffer {
  return typed("Q", Buffer.from(`${query}\0`));
}

/** The password as it is, or what stands for it. */
export function passwordMessage(password: string): Buffer {
  return typed("p", Buffer.from(`${password}\0`));
}

/** What stands for the password where the server asks for MD5 with its `salt` of four bytes. */
export function md5Password({ user, password }: Login, salt: Buffer): string {
  const inner = hash("md5", password + user);
  return `md5${hash("md5", Buffer.concat([Buffer.from(inner), salt]))}`;
}

/** The first message of a SASL exchange: which mechanism, and its first words. */
export function saslInitialMessage(mechanism: string, text: string): Buffer {
  const bytes = Buffer.from(text);
  return typed("p", Buffer.concat([Buffer.from(`${mechanism}\0`), int32(bytes.length), bytes]));
}

/** The further messages of a SASL exchange. */
export function saslMessage(text: string): Buffer {
  return typed("p", Buffer.from(text));
}

function typed(type: string, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
