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

test("what a type needs is loaded for it, and for no other", () => {
  const program = `
    const { loadCheck } = await import(${JSON.stringify(new URL("registry.ts", import.meta.url).href)});
    const loaded = () => process.moduleLoadList.includes("NativeModule tls");
    const before = loaded();
    await loadCheck("memcached");
    await loadCheck("tcp");
    const between = loaded();
    await loadCheck("postgresql");
    console.log(JSON.stringify([before, between, loaded()]));`;
  const output = execFileSync(process.execPath, ["--input-type=module", "-e", program], {
    cwd: new URL(".", import.meta.url),
    encoding: "utf8",
  });
  expect(JSON.parse(output)).toEqual([false, false, true]);
});
