/** Experiments: a base scenario and what is varied, expanded to one scenario a point. */

import type { MapNode } from './document.ts';
import type { ParseOptions } from './index.ts';
import type { Override } from './path.ts';
import type { Reader } from './read.ts';
import type { Scenario } from './types.ts';

export interface ExperimentPoint {
  readonly index: number;
  /** Value of each axis in this point, as results call it. */
  readonly axes: Readonly<Record<string, string | number>>;
  readonly scenario: Scenario;
}

export interface Experiment {
  readonly name: string;
  readonly description: string;
  readonly question: string;
  /** Names of the axes, in their order. */
  readonly axes: readonly string[];
  readonly points: readonly ExperimentPoint[];
  readonly verdict: { readonly good: string; readonly bad: string };
  /** True where this is the quick form. */
  readonly quick: boolean;
}

/** The points of an experiment, in the order of the sweep: the last axis varies fastest. */
export function expandExperiment(experiment: Experiment): readonly ExperimentPoint[] {
  return experiment.points;
}

export function parseExperiment(
  _root: MapNode,
  _overrides: readonly Override[],
  _reader: Reader,
  _options: ParseOptions,
): Experiment | null {
  return null;
}
