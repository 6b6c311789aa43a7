import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { run } from "./harness/kubectl.ts";
import { KUBECTL } from "./timeouts.ts";

const TESTDATA = join(import.meta.dirname, "../../operator/api/testdata");
const INVALID = join(TESTDATA, "invalid");

/** What a person sees who applies the file; the API server stores nothing. */
const apply = (manifest: string) =>
  run("kubectl", ["apply", "--server-side", "--dry-run=server", "-n", "default", "-f", "-"], {
    input: manifest,
  });

describe.each(readdirSync(INVALID))("%s", (file) => {
  test(
    "is refused with exactly the message of its first line",
    async () => {
      const manifest = readFileSync(join(INVALID, file), "utf8");
      const wanted = manifest.slice("# ".length, manifest.indexOf("\n"));
      const answer = await apply(manifest);
      expect({ refused: answer.code !== 0, message: answer.stderr.trim() }).toStrictEqual({
        refused: true,
        message: wanted,
      });
    },
    KUBECTL,
  );

  test(
    "is accepted once corrected",
    async () => {
      const answer = await apply(readFileSync(join(TESTDATA, "corrected", file), "utf8"));
      expect(answer).toMatchObject({ code: 0, stderr: "" });
    },
    KUBECTL,
  );
});
