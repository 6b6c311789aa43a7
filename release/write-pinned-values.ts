/** Names the images of a release in a values.yaml. REGISTRY, OPERATOR and SIDECAR say where and by which digests. */
import { readFileSync, writeFileSync } from "node:fs";
import { pinValues } from "./pin-values.ts";

const [file = ""] = process.argv.slice(2);
const { REGISTRY: registry = "", OPERATOR: operator = "", SIDECAR: sidecar = "" } = process.env;
writeFileSync(file, pinValues(readFileSync(file, "utf8"), { registry, operator, sidecar }));
