import { execFileSync } from "node:child_process";
import { expect, test } from "@jest/globals";
import { CHECK_TYPES, loadCheck } from "./registry.ts";

test("knows these types", () => {
  expect(CHECK_TYPES).toEqual(["http", "memcached", "mysql", "postgresql", "redis", "tcp"]);
});

test.each(CHECK_TYPES)("%s loads and says its own name", async (type) => {
  expect((await loadCheck(type))?.type).toBe(type);
});

test.each(["mariadb", "", "constructor", "__proto__"])("%j is unknown", async (type) => {
  expect(await loadCheck(type)).toBeUndefined();
});

test("TLS is loaded for the first check that uses it, and for no other", () => {
  const program = `
    const { once } = await import("node:events");
    const { createServer } = await import("node:net");
    const { CHECK_TYPES, loadCheck } = await import(${JSON.stringify(new URL("registry.ts", import.meta.url).href)});
    const loaded = () => process.moduleLoadList.includes("NativeModule tls");
    for (const type of CHECK_TYPES) await loadCheck(type);
    const server = createServer((socket) => socket.end()).listen(0, "127.0.0.1");
    await once(server, "listening");
    const check = async (type, tls) => {
      const slot = { host: "127.0.0.1", port: server.address().port, tls };
      const dependency = { name: "x", type, impact: "Gate", [type]: slot };
      const context = { signal: AbortSignal.timeout(5_000), connectTimeoutMilliseconds: 3_000 };
      await (await loadCheck(type)).run(dependency, context).catch(() => {});
    };
    for (const type of ["redis", "http"]) await check(type, { mode: "Disable" });
    const inClear = loaded();
    await check("redis", { mode: "Require" });
    server.close();
    console.log(JSON.stringify([inClear, loaded()]));`;
  const output = execFileSync(process.execPath, ["--input-type=module", "-e", program], {
    cwd: new URL(".", import.meta.url),
    encoding: "utf8",
  });
  expect(JSON.parse(output)).toEqual([false, true]);
});
