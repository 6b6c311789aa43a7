/**
 * Names the images of a release in the chart's values: by digest, since a tag can be moved. Imports nothing, as the job
 * that may publish installs no package.
 */

/** Where the images of a release are. */
export interface ReleasedImages {
  /** Without a slash at the end, such as `ghcr.io/OWNER`. */
  registry: string;
  /** `sha256:` and 64 hexadecimal digits, each. */
  operator: string;
  sidecar: string;
}

const DIGEST = /^sha256:[0-9a-f]{64}$/;
const REGISTRY = /^[a-z0-9][a-z0-9.:/-]*[a-z0-9]$/;

/** Where the block ends that a text begins with: before the next line that is indented no more than its first. */
function endOfBlock(text: string): number {
  const indentation = text.search(/\S/);
  const first = text.indexOf("\n") + 1;
  const next = text.slice(first).search(new RegExp(`^ {0,${indentation}}[^ \\n#]`, "m"));
  return next < 0 ? text.length : first + next;
}

/** Fills the empty `field` in the first block that `start` begins. */
function fill(text: string, start: RegExp, [field, value]: [string, string]): string {
  const at = text.search(start);
  const rest = at < 0 ? "" : text.slice(at);
  const block = rest.slice(0, endOfBlock(rest));
  const filled = block.replace(new RegExp(`^( +${field}:) ""$`, "m"), `$1 ${value}`);
  if (filled === block) throw new Error(`values.yaml: no empty ${field} after ${start}`);
  return text.slice(0, at) + filled + rest.slice(block.length);
}

/**
 * The values of the chart with the images of a release; comments and all else stay as they are.
 *
 * @throws where the registry or a digest is not one, or the values have no place for it.
 */
export function pinValues(values: string, { registry, operator, sidecar }: ReleasedImages): string {
  if (!REGISTRY.test(registry)) throw new Error(`not a registry: ${registry}`);
  const blocks: [RegExp, string][] = [
    [/^image:$/m, operator],
    [/^ {2}image:$/m, sidecar],
  ];
  return blocks.reduce((text, [start, digest]) => {
    if (!DIGEST.test(digest)) throw new Error(`not a digest: ${digest}`);
    return fill(fill(text, start, ["registry", registry]), start, ["digest", digest]);
  }, values);
}
