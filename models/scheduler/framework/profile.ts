/**
 * A profile: which plugins run, and with which weights
 * (kubernetes/pkg/scheduler/apis/config/v1/default_plugins.go).
 */
import type { SchedulerProfileScenario } from '../../../src/scenario/types.ts';
import type { ScoringStrategy } from '../plugins/resource-scores.ts';
import { filterNames } from './verdict.ts';

export const defaultWeights = {
  TaintToleration: 3,
  NodeAffinity: 2,
  PodTopologySpread: 2,
  InterPodAffinity: 2,
  NodeResourcesFit: 1,
  NodeResourcesBalancedAllocation: 1,
  ImageLocality: 1,
} as const;

export type ScorePlugin = keyof typeof defaultWeights;
export type Weights = Readonly<Record<ScorePlugin, number>>;

export interface Profile {
  readonly schedulerName: string;
  /** Bit by filter plugin. */
  readonly filters: number;
  /** 0 = does not score. */
  readonly weights: Weights;
  readonly strategy: ScoringStrategy;
  readonly defaultSpread: boolean;
  readonly preempts: boolean;
  readonly gates: boolean;
}

export function profileOf(scenario: SchedulerProfileScenario): Profile {
  const disabled = new Set(scenario.disabled);
  const all = disabled.has('*');
  let filters = 0;
  for (const [i, name] of filterNames.entries()) {
    if (i > 0 && !all && !disabled.has(name)) filters |= 1 << i;
  }
  const weights: Record<ScorePlugin, number> = { ...defaultWeights };
  for (const name of Object.keys(defaultWeights) as ScorePlugin[]) {
    if (all || disabled.has(name)) weights[name] = 0;
    else weights[name] = scenario.weights[name] ?? weights[name];
  }
  return {
    schedulerName: scenario.schedulerName,
    filters,
    weights,
    strategy: scenario.scoringStrategy,
    defaultSpread: scenario.defaultSpread,
    preempts: !all && !disabled.has('DefaultPreemption'),
    gates: !all && !disabled.has('SchedulingGates'),
  };
}

export const defaultProfile: SchedulerProfileScenario = {
  schedulerName: 'default-scheduler',
  weights: {},
  disabled: [],
  scoringStrategy: 'LeastAllocated',
  defaultSpread: true,
};
