/** How much of what was changed the tests noticed: pure, from the reports that Stryker writes. */

/** Stryker's JSON report; only what is read. */
export interface MutantReport {
  files: Record<string, { mutants: Mutant[] }>;
}

interface Mutant {
  mutatorName: string;
  status: string;
  replacement?: string;
  location: { start: { line: number; column: number } };
}

/** The mutants of one folder. */
export interface FolderScore {
  folder: string;
  killed: number;
  all: number;
}

/** Timeout is a loop that no longer ends; no test at all is no test that notices. */
const KILLED = ["Killed", "Timeout"];
const SURVIVED = ["Survived", "NoCoverage"];

const folderOf = (file: string) => file.slice(0, file.lastIndexOf("/"));

function mutantsOf(reports: readonly MutantReport[]): (Mutant & { file: string })[] {
  return reports.flatMap(({ files }) =>
    Object.entries(files).flatMap(([file, { mutants }]) =>
      mutants.map((mutant) => ({ ...mutant, file })),
    ),
  );
}

/** Score of each folder, by name. Mutants that were left out or do not run count on neither side. */
export function scores(reports: readonly MutantReport[]): FolderScore[] {
  const counted = mutantsOf(reports).filter(({ status }) =>
    [...KILLED, ...SURVIVED].includes(status),
  );
  const byFolder = Object.entries(Object.groupBy(counted, ({ file }) => folderOf(file)));
  return byFolder
    .map(([folder, mutants = []]) => ({
      folder,
      killed: mutants.filter(({ status }) => KILLED.includes(status)).length,
      all: mutants.length,
    }))
    .toSorted((one, other) => (one.folder < other.folder ? -1 : 1));
}

/** One line for each mutant that lived: where it stands and what it was changed to. */
export function survivors(reports: readonly MutantReport[]): string[] {
  return mutantsOf(reports)
    .filter(({ status }) => SURVIVED.includes(status))
    .map(({ file, location: { start }, mutatorName, replacement = "" }) => {
      const text = replacement.replaceAll(/\s+/g, " ").slice(0, 80);
      return `${file}:${start.line}:${start.column} ${mutatorName} ${text}`;
    });
}
