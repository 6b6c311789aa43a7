/** What every check says of where it goes, whose Secrets have a say in that. */
import { describe, expect, test } from "@jest/globals";
import type { DependencyConfig } from "../../api/policy-file.ts";
import { DEPENDENCY_TYPES, dependency } from "../../api/v1alpha1-dependency.ts";
import type { LineBreaks } from "./line-breaks.ts";
import { loadCheck } from "./registry.ts";
import { runCheck } from "./testing/contract.ts";

interface UrlParts {
  user?: string;
  password?: string;
  endpoint?: string;
  rest?: string;
}

/** Nobody listens there, and a database can be called 0. */
const url = (scheme: string, parts: UrlParts = {}) => {
  const { user = "shop", password = "hunter2", endpoint = "127.0.0.1:1", rest = "0" } = parts;
  return `${scheme}://${user}:${password}@${endpoint}/${rest}`;
};

/** Of each type: what its check heeds of a connection string besides host, port and user. */
const OTHERS: Record<string, string[]> = {
  postgresql: ["1", "0?sslmode=require", "0?options=-crole%3Dother"].map((rest) =>
    url("postgresql", { rest }),
  ),
  mysql: ["1", "0?ssl-mode=REQUIRED"].map((rest) => url("mysql", { rest })),
  redis: [url("rediss")],
};

/** As after a login that was refused without them. */
const WHOLE: LineBreaks = {
  asSent: (values) => values,
  loggedIn: () => {},
  failed: () => undefined,
};

/** What a check of this slot says, when these are the keys of its Secret. */
async function targets(
  type: string,
  slot: object,
  secret: Record<string, string>,
): Promise<string[]> {
  const check = await loadCheck(type);
  if (!check) throw new Error(`no check of the type ${type}`);
  const told: string[] = [];
  const config = { name: "db", type, impact: "Gate", [type]: { query: "SELECT 1", ...slot } };
  await runCheck(check, config as DependencyConfig, {
    readSecretKey: async ({ key }) => secret[key] ?? "",
    lineBreaks: WHOLE,
    onTarget: (target) => told.push(target),
  });
  return told;
}

const ofUrl = (type: string, text: string) =>
  targets(type, { connectionString: { secretName: "db", key: "url" } }, { url: text });

const CREDENTIALS = { secretName: "db", usernameKey: "username", passwordKey: "password" };

const ofLogin = (type: string, username: string, password: string) =>
  targets(type, { host: "127.0.0.1", port: 1, credentials: CREDENTIALS }, { username, password });

test("these are the types that take a connection string", () => {
  const types = DEPENDENCY_TYPES.filter(
    (type) => "connectionString" in dependency.shape[type].unwrap().shape,
  );
  expect(Object.keys(OTHERS).sort()).toEqual(types.toSorted());
});

describe.each(Object.entries(OTHERS))("%s", (type, others) => {
  test("is told once, as a digest", async () => {
    expect(await ofUrl(type, url(type))).toEqual([expect.stringMatching(/^[\w-]{43}$/)]);
  });

  test("another password makes no other target", async () => {
    const told = await ofUrl(type, url(type));
    expect(await ofUrl(type, url(type, { password: "swordfish" }))).toEqual(told);
    const toldOfLogin = await ofLogin(type, "shop", "hunter2");
    expect(await ofLogin(type, "shop", "swordfish")).toEqual(toldOfLogin);
  });

  test("host, port, user and whatever else a check heeds make another one each", async () => {
    const urls = [
      url(type),
      url(type, { endpoint: "127.0.0.2:1" }),
      url(type, { endpoint: "127.0.0.1:2" }),
      url(type, { user: "other" }),
      ...others,
    ];
    const told = await Promise.all(urls.map((text) => ofUrl(type, text)));
    expect(new Set(told.flat()).size).toBe(urls.length);
  });

  test("another user name in a Secret makes another one too", async () => {
    const told = await ofLogin(type, "shop", "hunter2");
    expect(told).toHaveLength(1);
    expect(await ofLogin(type, "other", "hunter2")).not.toEqual(told);
  });

  test("a user is the same with a line break, which one check sends and another one does not", async () => {
    const told = await ofLogin(type, "shop", "hunter2");
    expect(await ofLogin(type, "shop\n", "hunter2")).toEqual(told);
  });

  test.each(["", "no URL", "mongodb://127.0.0.1"])("none is told of %j", async (text) => {
    expect(await ofUrl(type, text)).toEqual([]);
  });
});
