import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { CHART } from "./helm.ts";

const VALUES = join(CHART, "tests/testdata/values");
const KIND_VALUES = join(CHART, "ci/kind-values.yaml");

/** The values files that the chart is rendered with: those of its goldens, and the test cluster's. */
export const VALUES_FILES: { name: string; path: string }[] = [
  ...readdirSync(VALUES).map((file) => ({
    name: basename(file, ".yaml"),
    path: join(VALUES, file),
  })),
  { name: "kind", path: KIND_VALUES },
];
