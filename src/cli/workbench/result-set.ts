/** Results to look at again: a folder that was written, or a scenario that is run now. */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Axes } from '../../analyze/index.ts';
import { DATA_BYTES_MAX, readTextFile, UserError } from '../../host/index.ts';
import { profilesByName } from '../../import/index.ts';
import {
  knownConstants,
  MODEL_REVISION,
  planRuns,
  type RunResult,
  VERSION,
} from '../../run/index.ts';
import { parseScenario, type Scenario } from '../../scenario/index.ts';
import { type ExecuteOptions, execute } from '../execute.ts';
import type { Io } from '../io.ts';
import { loadScenario } from '../load.ts';
import { FolderStore } from './run-store.ts';

export interface ResultPoint {
  readonly axes: Axes;
  readonly scenario: Scenario;
  readonly runs: readonly RunResult[];
}

export interface ResultSet {
  readonly name: string;
  readonly points: readonly ResultPoint[];
  readonly modelRevision: number;
  readonly version: string;
  readonly command: string;
}

/** What is read of manifest.json here. */
interface Manifest {
  readonly kind: string;
  readonly name: string;
  readonly version: string;
  readonly modelRevision: number;
  readonly command: string;
  readonly points: ReadonlyArray<{ readonly point: number; readonly axes: Axes }>;
  readonly runs: ReadonlyArray<{
    readonly point: number;
    readonly replication: number;
    readonly key: string;
  }>;
  readonly scenario: string;
  readonly profiles: Readonly<Record<string, string>>;
}

export function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}

function readManifest(folder: string): Manifest {
  const path = join(folder, 'manifest.json');
  const problem = (message: string, hint: string) =>
    new UserError({ code: 'WT8033', message, path, hint });
  if (!existsSync(path)) {
    const hint =
      'Results have a manifest.json; one that is interrupted gets it when it is resumed.';
    throw problem(`'${folder}' holds no results`, hint);
  }
  const text = readTextFile(path, { bytesMax: DATA_BYTES_MAX, what: 'manifest' });
  let manifest: Manifest;
  try {
    manifest = JSON.parse(text) as Manifest;
  } catch {
    throw problem(`'${path}' is not JSON`, 'Was it changed by hand? Run the command again.');
  }
  if (manifest?.kind === 'wavetank/manifest/v1' && Array.isArray(manifest.runs)) return manifest;
  throw problem(`'${path}' is not a manifest of wavetank`, 'Name the folder that a run wrote.');
}

/**
 * Every default is in the printed scenario, so it reads back as it was; but for the name: that of a
 * point holds its axes, which no file may, and no run depends on it.
 */
function scenariosOf(manifest: Manifest, folder: string): Scenario[] {
  return manifest.scenario.split(/^---\n/m).map((text) => {
    const { scenario, problems } = parseScenario(text, {
      file: join(folder, 'manifest.json'),
      reader: (path) => {
        const known = manifest.profiles[path];
        return known === undefined ? { error: `the manifest lacks ${path}` } : { text: known };
      },
      profiles: profilesByName,
      constants: knownConstants(),
      overrides: ['metadata.name=point'],
    });
    if (scenario !== null) return { ...scenario, name: manifest.name };
    throw new UserError({
      code: 'WT8034',
      message: `the scenario of '${folder}' cannot be read: ${problems[0]?.message}`,
      path: folder,
      hint: `It was written by version ${manifest.version}; run it again: ${manifest.command}`,
    });
  });
}

/** A whole folder of `wavetank run` or `wavetank sweep`; refused where a run is missing. */
export function readResults(folder: string): ResultSet {
  const manifest = readManifest(folder);
  const store = new FolderStore(folder);
  const scenarios = scenariosOf(manifest, folder);
  const runs = new Map<number, RunResult[]>();
  for (const { point, replication, key } of manifest.runs) {
    const read = store.read(key);
    if (read === null) {
      throw new UserError({
        code: 'WT8035',
        message: `'${folder}' lacks the run of point ${point}, replication ${replication}`,
        path: store.pathOf(key),
        hint: `Run it again: ${manifest.command}`,
      });
    }
    runs.set(point, [...(runs.get(point) ?? []), { ...read.result, point, replication }]);
  }
  const { modelRevision, version, command } = manifest;
  return {
    name: folder,
    modelRevision,
    version,
    command,
    points: manifest.points.map(({ point, axes }) => ({
      axes,
      scenario: scenarios[point],
      runs: runs.get(point) ?? [],
    })),
  };
}

export interface SimulateOptions extends Omit<ExecuteOptions, 'label'> {
  readonly seeds?: number;
  readonly seed?: string;
}

/** Scenario points, run now (or reused from the store); null where it was interrupted. */
export async function simulatePoints(
  scenarios: readonly Scenario[],
  options: ExecuteOptions,
  signal: AbortSignal,
  io: Io,
): Promise<RunResult[][] | null> {
  const plans = planRuns(scenarios);
  const { results, interrupted } = await execute(plans, options, signal, io);
  if (interrupted) return null;
  return scenarios.map((_, point) => results.filter((run) => run.point === point));
}

/** `FILE@path=value@path=value`: the file, and what is set in it. */
export function splitOverrides(text: string): { file: string; set: string[] } {
  const [file, ...set] = text.split(/@(?=[A-Za-z][^@]*=)/);
  return { file, set };
}

/** A folder is read, a file is run. Null where it has mistakes (printed) or was interrupted. */
export async function resultsOf(
  text: string,
  options: SimulateOptions,
  signal: AbortSignal,
  io: Io,
): Promise<ResultSet | 'invalid' | 'interrupted'> {
  if (isFolder(text)) return readResults(text);
  const { file, set } = splitOverrides(text);
  const load = { set, seed: options.seed, replications: options.seeds };
  const loaded = loadScenario(file, load, io);
  if (loaded === null) return 'invalid';
  const scenarios = loaded.points.map((point) => point.scenario);
  const runs = await simulatePoints(scenarios, { ...options, label: text }, signal, io);
  if (runs === null) return 'interrupted';
  const points = loaded.points.map((point, i) => ({
    axes: point.axes ?? {},
    scenario: point.scenario,
    runs: runs[i],
  }));
  return {
    name: text,
    points,
    version: VERSION,
    modelRevision: MODEL_REVISION,
    command: '',
  };
}
