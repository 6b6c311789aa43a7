/** What MariaDB says of accounts: those that let a check in, and those that do not. */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { MysqlConfig } from "../../../api/policy-file.ts";
import type { RealServer } from "../testing/real-server.ts";
import { run, SECRETS } from "./testing/mysql-subject.ts";
import { createDatabaseFolder, type DatabaseFolder } from "./testing/real-mariadb.ts";

/** A database is made and started in about 6 s; a busy machine takes longer. */
const START_TIMEOUT = 90_000;

let folder: DatabaseFolder;
let server: RealServer;
beforeAll(async () => {
  folder = createDatabaseFolder();
  server = await folder.start({ "plugin-load-add": "auth_ed25519" });
}, START_TIMEOUT);
afterAll(async () => {
  await server?.stop();
  folder?.remove();
});

const ask = (config: Partial<MysqlConfig>) => run({ port: server.port, ...config });

/** An account whose password is `p`. */
function credentialsOf(user: string) {
  SECRETS[`db/${user}`] = user;
  SECRETS["db/p"] = "p";
  return { secretName: "db", usernameKey: user, passwordKey: "p" };
}

test("an account of ed25519, which cannot be spoken here: AuthenticationFailed", async () => {
  await folder.sql("CREATE USER ed@'%' IDENTIFIED VIA ed25519 USING PASSWORD('p')");
  const credentials = credentialsOf("ed");
  expect(await ask({ credentials })).toEqual({ reason: "AuthenticationFailed" });
});

test.each([
  [
    "ed25519, which cannot be spoken here, or a password",
    "ed25519 USING PASSWORD('p') OR mysql_native_password USING PASSWORD('p')",
  ],
  [
    "an old password or a new one",
    "mysql_native_password USING PASSWORD('q') OR mysql_native_password USING PASSWORD('p')",
  ],
  ["a socket's user or a password", "unix_socket OR mysql_native_password USING PASSWORD('p')"],
])("an account with %s: succeeds, and with neither AuthenticationFailed", async (_, ways) => {
  await folder.sql(`CREATE OR REPLACE USER several@'%' IDENTIFIED VIA ${ways}`);
  const credentials = credentialsOf("several");
  expect(await ask({ credentials })).toEqual({ success: { tls: false } });
  const wrong = { ...credentials, passwordKey: "wrong" };
  expect(await ask({ credentials: wrong })).toEqual({ reason: "AuthenticationFailed" });
});

test("a user without a password: succeeds", async () => {
  await folder.sql("CREATE USER open@'%'");
  const credentials = { ...credentialsOf("open"), passwordKey: "empty" };
  expect(await ask({ credentials })).toEqual({ success: { tls: false } });
});

test("a locked account: AuthenticationFailed", async () => {
  await folder.sql("CREATE USER locked@'%' IDENTIFIED BY 'p' ACCOUNT LOCK");
  const credentials = credentialsOf("locked");
  expect(await ask({ credentials })).toEqual({ reason: "AuthenticationFailed" });
});

test("an account that too many wrong passwords have locked: AuthenticationFailed, also with the right one", async () => {
  await folder.sql("CREATE USER stale@'%' IDENTIFIED BY 'p'", "SET GLOBAL max_password_errors = 2");
  const credentials = credentialsOf("stale");
  const wrong = { credentials: { ...credentials, passwordKey: "wrong" } };
  try {
    expect(await ask({ credentials })).toEqual({ success: { tls: false } });
    for (let tries = 0; tries < 3; tries += 1) {
      expect(await ask(wrong)).toEqual({ reason: "AuthenticationFailed" });
    }
    expect(await ask({ credentials })).toEqual({ reason: "AuthenticationFailed" });
    await folder.sql("FLUSH PRIVILEGES");
    expect(await ask({ credentials })).toEqual({ success: { tls: false } });
  } finally {
    await folder.sql("SET GLOBAL max_password_errors = DEFAULT");
  }
});

test("no connection left for this user: TooManyConnections", async () => {
  await folder.sql("CREATE USER few@'%' IDENTIFIED BY 'p' WITH MAX_CONNECTIONS_PER_HOUR 1");
  const credentials = credentialsOf("few");
  expect(await ask({ credentials })).toEqual({ success: { tls: false } });
  expect(await ask({ credentials })).toEqual({ reason: "TooManyConnections" });
});

test("an init_connect that fails: AuthenticationFailed", async () => {
  await folder.sql("CREATE USER late@'%' IDENTIFIED BY 'p'", "SET GLOBAL init_connect = 'SELEC 1'");
  const credentials = credentialsOf("late");
  try {
    expect(await ask({ credentials })).toEqual({ reason: "AuthenticationFailed" });
    await folder.sql("SET GLOBAL init_connect = ''");
    expect(await ask({ credentials })).toEqual({ success: { tls: false } });
  } finally {
    await folder.sql("SET GLOBAL init_connect = ''");
  }
});
