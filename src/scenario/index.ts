/** Scenario files: YAML in, a resolved scenario or experiment out, or every mistake at once. */
import { buildScenario } from './build.ts';
import { Checker, type KnownConstants } from './checker.ts';
import type { FileReader, Profiles } from './distribution.ts';
import { entryOf, type MapNode, parseTree } from './document.ts';
import { type Experiment, parseExperiment } from './experiment.ts';
import { elsewhere } from './explain.ts';
import { API_VERSION, scenarioGroup } from './fields/scenario.ts';
import { nearestName } from './nearest.ts';
import { type Override, parseOverride, setAtPath } from './path.ts';
import { type Problem, ProblemList } from './problem.ts';
import { Reader } from './read.ts';
import { parseSweep, type SweepOptions } from './sweep-file.ts';
import type { Scenario } from './types.ts';
import { describeNode, headSpan } from './words.ts';

export interface ParseOptions {
  /** Name of the file, for messages. */
  readonly file: string;
  /** Reads a file that the scenario names. Default: none can be read. */
  readonly reader?: FileReader;
  /** Disk profiles by name. */
  readonly profiles?: Profiles;
  /** `path=value`, over the file, in their order. */
  readonly overrides?: readonly string[];
  readonly seed?: string;
  readonly replications?: number;
  /** The quick form of an experiment. */
  readonly quick?: boolean;
  /**
   * Names and units of the models' constants; without them overrides of constants are not
   * checked.
   */
  readonly constants?: KnownConstants;
  /** Axes of the command line: the file is read as an experiment. */
  readonly sweep?: SweepOptions;
}

export interface ParseResult {
  /** Null where there are problems, or the file is an experiment. */
  readonly scenario: Scenario | null;
  readonly experiment: Experiment | null;
  readonly problems: readonly Problem[];
}

const KINDS = ['Scenario', 'Experiment'];

/** Reads a file of kind Scenario or Experiment. */
export function parseScenario(text: string, options: ParseOptions): ParseResult {
  const problems = new ProblemList();
  const noReader: FileReader = () => ({ error: 'files cannot be read here' });
  const reader = new Reader({
    problems,
    profiles: options.profiles ?? {},
    distributions: new Map(),
    reader: options.reader ?? noReader,
  });
  const overrides: Override[] = [];
  for (const override of options.overrides ?? []) {
    const parsed = parseOverride(override, problems);
    if (parsed !== null) overrides.push(parsed);
  }
  const root = parseTree({ file: options.file, text }, problems);
  const kind = root === null ? null : kindOf(root, problems);
  let scenario: Scenario | null = null;
  let experiment: Experiment | null = null;
  // A map, or kindOf would have given null.
  const { sweep } = options;
  if (kind !== null && sweep !== undefined) {
    experiment = parseSweep(root as MapNode, { ...options, sweep }, reader);
  } else if (kind === 'Scenario') {
    scenario = readScenario(root as MapNode, overrides, reader, options);
  } else if (kind === 'Experiment') {
    experiment = parseExperiment(root as MapNode, overrides, reader, options);
  }
  if (problems.any) {
    return { scenario: null, experiment: null, problems: problems.finish().map(withElsewhere) };
  }
  return { scenario, experiment, problems: [] };
}

/** A field that was written in the wrong place gets told the right one. */
function withElsewhere(problem: Problem): Problem {
  if (problem.code !== 'WT1002' || problem.nearest !== '') return problem;
  const place = elsewhere(problem.path.slice(problem.path.lastIndexOf('.') + 1), problem.path);
  if (place === '') return problem;
  const hint = place.includes('.') ? `it belongs at ${place}` : 'it belongs at the top of the file';
  return { ...problem, hint };
}

/** The kind of the file; null where it cannot be told, with the problem reported. */
function kindOf(root: ReturnType<typeof parseTree> & object, problems: ProblemList): string | null {
  if (root.kind !== 'map') {
    problems.add('WT1004', '', root.span, 'the file is not a mapping', {
      expected: `a mapping that begins with apiVersion: ${API_VERSION}`,
      found: describeNode(root),
    });
    return null;
  }
  const kind = entryOf(root, 'kind');
  if (kind?.value.kind === 'scalar' && KINDS.includes(kind.value.text)) return kind.value.text;
  const found = kind?.value.kind === 'scalar' ? kind.value.text : '';
  const span = kind?.value.span ?? headSpan(root);
  const message = kind === undefined ? '`kind` is missing' : `\`${found}\` is not a kind of file`;
  problems.add('WT1016', 'kind', span, message, {
    expected: `kind: ${KINDS.join(' or ')}`,
    nearest: nearestName(found, KINDS),
    hint:
      found === 'DiskProfile'
        ? 'a disk profile is named by a scenario: fsync: { profile: ./file.yaml }'
        : '',
  });
  return null;
}

/** The tree with the overrides applied. */
export function applyOverrides(
  root: MapNode,
  overrides: readonly Override[],
  reader: Reader,
): MapNode {
  let tree = root;
  for (const { path, value, pathSpan } of overrides) {
    const result = setAtPath(tree, scenarioGroup, path, value, pathSpan);
    if ('root' in result) tree = result.root;
    else reader.problem('WT1502', path, pathSpan, result.error.message, result.error);
  }
  return tree;
}

function readScenario(
  root: MapNode,
  overrides: readonly Override[],
  reader: Reader,
  options: ParseOptions,
): Scenario {
  const tree = applyOverrides(root, overrides, reader);
  const value = reader.group(scenarioGroup, tree, '');
  const checker = new Checker(tree, reader, options.constants ?? null);
  const scenario = buildScenario(
    { metadata: value.metadata, base: value, named: true, node: tree },
    checker,
  );
  return {
    ...scenario,
    seed: options.seed ?? scenario.seed,
    replications: options.replications ?? scenario.replications,
  };
}

export { canonicalScenario } from './canonical.ts';
export type { KnownConstants } from './checker.ts';
export { type ProblemCode, problemCodes } from './codes.ts';
export type { FileReader, Profiles } from './distribution.ts';
export { type Experiment, type ExperimentPoint, expandExperiment } from './experiment.ts';
export { type Explanation, explain } from './explain.ts';
export * from './expression.ts';
export { jsonSchema } from './json-schema.ts';
export { containerFields, podFields } from './kubernetes/pod-spec.ts';
export { type ReadPodSpec, readPodSpec } from './kubernetes/pod-spec-value.ts';
export { milliOf, parseQuantity, QUANTITY_MAX, unitsOf } from './kubernetes/quantity.ts';
export { nearestName } from './nearest.ts';
export { printConfig } from './print-config.ts';
export { printYaml, type YamlValue } from './print-yaml.ts';
export { type Problem, renderProblem } from './problem.ts';
export {
  type DiskProfile,
  parseDiskProfile,
  printDiskProfile,
  WITHOUT_STALLS,
} from './profile.ts';
export { numberAt, parseUnitValue, type Range, readRange, valueText } from './range.ts';
export { referencePages } from './reference.ts';
export type { SweepOptions } from './sweep-file.ts';
export { initTemplate } from './template.ts';
export type * from './types.ts';
export { formatUnit, parseUnit } from './units.ts';
