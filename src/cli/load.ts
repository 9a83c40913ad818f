/** From a file name to scenarios: reads the file and what it names, reports every mistake. */
import { dirname, resolve } from 'node:path';
import type { ScenarioPoint } from '../analyze/index.ts';
import { DATA_BYTES_MAX, readTextFile, SCENARIO_BYTES_MAX, UserError } from '../host/index.ts';
import { profilesByName } from '../import/index.ts';
import { knownConstants } from '../run/index.ts';
import {
  type DiskProfile,
  type Experiment,
  expandExperiment,
  type FileReader,
  type ParseOptions,
  type ParseResult,
  type Problem,
  parseDiskProfile,
  parseScenario,
  renderProblem,
  type SweepOptions,
} from '../scenario/index.ts';
import type { Io } from './io.ts';

export interface LoadOptions {
  /** `path=value`, in order. */
  readonly set: readonly string[];
  readonly seed?: string;
  readonly replications?: number;
  readonly quick?: boolean;
  /** Axes of the command line: the file is read as an experiment. */
  readonly sweep?: SweepOptions;
}

export interface Loaded {
  readonly name: string;
  readonly description: string;
  readonly points: readonly ScenarioPoint[];
  readonly experiment: Experiment | null;
  /** Text of every file that the scenario names, by the name it gives. */
  readonly files: Readonly<Record<string, string>>;
  /** Profiles that its disks may name. */
  readonly profiles: readonly DiskProfile[];
}

interface Reading {
  readonly reader: FileReader;
  readonly files: Record<string, string>;
}

/** Paths inside a scenario are relative to it. */
function readerBeside(file: string): Reading {
  const folder = file === '-' ? '.' : dirname(file);
  const files: Record<string, string> = {};
  const reader: FileReader = (path) => {
    const known = files[path];
    if (known !== undefined) return { text: known };
    try {
      const options = { bytesMax: DATA_BYTES_MAX, what: 'file that the scenario names' };
      const text = readTextFile(resolve(folder, path), options);
      files[path] = text;
      return { text };
    } catch (error) {
      if (error instanceof UserError) return { error: error.message };
      throw error;
    }
  };
  return { reader, files };
}

export function parseFile(file: string, options: LoadOptions): ParseResult & Reading {
  const text = readTextFile(file, { bytesMax: SCENARIO_BYTES_MAX, what: 'scenario' });
  const reading = readerBeside(file);
  const parse: ParseOptions = {
    file: file === '-' ? 'standard input' : file,
    reader: reading.reader,
    profiles: profilesByName,
    overrides: options.set,
    seed: options.seed,
    replications: options.replications,
    quick: options.quick,
    sweep: options.sweep,
    constants: knownConstants(),
  };
  return { ...parseScenario(text, parse), ...reading };
}

export function printProblems(problems: readonly Problem[], io: Io): void {
  const { red, bold } = io.errColors;
  for (const problem of problems) {
    const text = renderProblem(problem);
    // The code at the very start is what people search for.
    io.err(
      `${red(bold(text.slice(0, problem.code.length)))}${text.slice(problem.code.length)}\n\n`,
    );
  }
}

function profilesOf(files: Readonly<Record<string, string>>): DiskProfile[] {
  const profiles: DiskProfile[] = [];
  for (const [file, text] of Object.entries(files)) {
    if (!/^kind:\s*DiskProfile/m.test(text)) continue;
    const { profile } = parseDiskProfile(text, { file });
    if (profile !== null) profiles.push(profile);
  }
  return [...profiles, ...Object.values(profilesByName)];
}

/** Null where the file has mistakes; they were printed. */
export function loadScenario(file: string, options: LoadOptions, io: Io): Loaded | null {
  const { scenario, experiment, problems, files } = parseFile(file, options);
  if (experiment !== null) {
    const points = expandExperiment(experiment).map(({ axes, scenario }) => ({
      scenario,
      axes,
    }));
    const { name, description } = experiment;
    return { name, description, points, experiment, files, profiles: profilesOf(files) };
  }
  if (scenario !== null) {
    const { name, description } = scenario;
    const profiles = profilesOf(files);
    return { name, description, points: [{ scenario }], experiment, files, profiles };
  }
  printProblems(problems, io);
  io.err(
    `${file}: ${problems.length} mistake${problems.length === 1 ? '' : 's'}, nothing was run\n`,
  );
  return null;
}
