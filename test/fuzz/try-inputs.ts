/** Tries a property with inputs of fast-check. */
import { relative } from "node:path";
import fc from "fast-check";

/** An input can have megabytes. */
const MAX_REPORT_CHARACTERS = 4_000;

/** A property: what it says, and what must not throw whatever the input. */
export interface Property<T> {
  what: string;
  input: fc.Arbitrary<T>;
  holds: (input: T) => void | Promise<void>;
  /** The absolute path of its test file. */
  testPath: string;
}

/** Seed and number of inputs, or seed and path of the one that has failed. */
export type FuzzParameters = Pick<
  fc.Parameters<unknown>,
  "seed" | "path" | "numRuns" | "interruptAfterTimeLimit"
>;

/** What failed, made as small as can be, with the command that repeats it. */
function report<T>(
  { what, testPath }: Property<T>,
  details: fc.RunDetailsFailureProperty<[T]>,
): string {
  const { seed, counterexamplePath } = details;
  const file = relative(process.cwd(), testPath);
  const command = `FUZZ_SEED=${seed} FUZZ_PATH=${counterexamplePath} make fuzz FILE=${file} NAME="${what}"`;
  const found = fc.defaultReportMessage(details) ?? "";
  return `${found.slice(0, MAX_REPORT_CHARACTERS)}\n\nRepeat it: ${command}`;
}

/**
 * Resolves with the number of inputs that were tried, 0 where the time was over before the first one was; rejects where
 * the property did not hold for one.
 */
export async function tryInputs<T>(
  property: Property<T>,
  parameters: FuzzParameters,
): Promise<number> {
  const checked = fc.asyncProperty(property.input, async (value) => {
    await property.holds(value);
  });
  const details = await fc.check(checked, parameters);
  // fast-check calls it a failure, too, that there was no time for any input.
  if (!details.failed || details.counterexample === null) return details.numRuns;
  const failure = details as fc.RunDetailsFailureProperty<[T]>;
  throw new Error(report(property, failure), { cause: failure.errorInstance });
}
