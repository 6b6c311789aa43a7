/** How the program is started: its command line, and the bundle with the flags of the image. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import {
  bundleSidecar,
  COMPILE_CACHE,
  flagsOfTheImage,
  get,
  type Program,
  SOURCE,
  untilEqual,
  WITHIN,
} from "./testing/sidecar-program.ts";
import { cache, createSidecarScene, database, type SidecarScene } from "./testing/sidecar-scene.ts";

// Several waits of WITHIN each; a child process alone takes a second to start on a busy machine.
jest.setTimeout(90_000);

let scene: SidecarScene;

beforeEach(async () => {
  scene = await createSidecarScene();
});
afterEach(() => scene.close());

describe("the command line", () => {
  async function run(args: string[], env: NodeJS.ProcessEnv) {
    const child = spawn(process.execPath, [SOURCE, ...args], {
      env: { ...COMPILE_CACHE, ...env },
      timeout: WITHIN,
    });
    let output = "";
    child.stdout.on("data", (data) => {
      output += data;
    });
    const [code] = await once(child, "close");
    return { code, output };
  }

  test("--help names every variable", async () => {
    const { code, output } = await run(["--help"], {});
    expect(code).toBe(0);
    for (const name of ["PORT", "MOUNTED_KEYS", "CONFIG_PATH", "STATE_PATH"]) {
      expect(output).toContain(`HEALTHPOLICY_${name} `);
    }
  });

  test("a port that is none is said and ends it with status 1", async () => {
    const { code, output } = await run([], { HEALTHPOLICY_PORT: "http" });
    expect(code).toBe(1);
    expect(JSON.parse(output)).toMatchObject({
      level: "error",
      problem: "HEALTHPOLICY_PORT is not a port",
    });
  });

  test("a port that is taken is said and ends it with status 1", async () => {
    const { port } = await scene.start();
    const { code, output } = await run([], {
      HEALTHPOLICY_PORT: String(port),
      HEALTHPOLICY_CONFIG_PATH: scene.configPath,
      HEALTHPOLICY_STATE_PATH: scene.statePath,
    });
    expect(code).toBe(1);
    expect(output).toContain('"problem":"EADDRINUSE"');
  });
});

describe("the bundle", () => {
  /** Writes the names of Node's own modules that are loaded, when it is asked by SIGUSR2. */
  const REPORTER = `process.on("SIGUSR2", () => {
    console.log(JSON.stringify({ msg: "modules", list: process.moduleLoadList }));
  });`;

  async function loaded(program: Program): Promise<string> {
    program.child.kill("SIGUSR2");
    await untilEqual(() => program.output().includes('"msg":"modules"'), true);
    return program.output();
  }

  test("runs with the flags of the image, and loads a type only when a policy needs it", async () => {
    const outfile = join(scene.directory, "sidecar.cjs");
    await bundleSidecar(outfile);
    const reporter = join(scene.directory, "reporter.cjs");
    await writeFile(reporter, REPORTER);
    const flags = [...(await flagsOfTheImage()), "--require", reporter];
    const server = await scene.startMemcached();
    await scene.writePolicy([cache(server.port)]);
    const lean = await scene.start(outfile, flags);
    expect(await get(lean)).toBe("200 ok");
    expect(await loaded(lean)).not.toContain("NativeModule crypto");

    await scene.writePolicy([cache(server.port), database("orders-db")]);
    await scene.renew();
    const full = await scene.start(outfile, flags);
    expect(await get(full)).toBe("503 orders-db: CredentialsMissing");
    expect(await loaded(full)).toContain("NativeModule crypto");
    // Nobody has shaken hands yet.
    expect(await loaded(full)).not.toContain("NativeModule tls");
  });
});
