/**
 * One run: builds the cluster of a scenario, drives the simulation in slices and hands back plain
 * data. Who calls (command, worker, page) decides how large a slice is; that never changes a byte.
 */
import type { SchedulerPlugin } from '../../models/scheduler/index.ts';
import { Constants, hashText, Simulation, type TraceOptions } from '../core/index.ts';
import { Metrics } from '../metrics/index.ts';
import { canonicalScenario, type Scenario } from '../scenario/index.ts';
import { buildCluster } from './build.ts';
import { buildKubernetes } from './build-kubernetes.ts';
import type { Cluster, ClusterBuilder } from './cluster.ts';
import { constantsOf } from './constants.ts';
import type { OwnComponent } from './own-components.ts';
import type { QueueName } from './plan.ts';
import type { RunResult } from './result.ts';
import { MODEL_REVISION, VERSION } from './version.ts';

export interface RunOptions {
  /** Seed of this very run: of the replication, not of the scenario. */
  readonly seed: string;
  readonly queue?: QueueName;
  readonly point?: number;
  readonly replication?: number;
  readonly trace?: TraceOptions;
  /** Of a Kubernetes cluster: beside its own components. */
  readonly components?: readonly OwnComponent[];
  /** Of its schedulers: beside their own plugins. */
  readonly schedulerPlugins?: readonly SchedulerPlugin[];
  /** In place of the cluster of the scenario; tests put small models here. */
  readonly build?: ClusterBuilder;
}

export interface RunProgress {
  readonly nowNs: number;
  readonly horizonNs: number;
  readonly eventCount: number;
}

export interface Run {
  /** Handles up to that many events; true when the run is over. */
  advance(maxEvents: number): boolean;
  progress(): RunProgress;
  /** Ends the run where it is (before its horizon: marked interrupted). Once. */
  finish(): RunResult;
}

/**
 * Where segments of the metrics end: the edges of every threshold's window inside the measured
 * time.
 */
export function cutsOf(scenario: Scenario): number[] {
  const cuts = new Set<number>();
  for (const threshold of scenario.thresholds) {
    cuts.add(threshold.window.fromNs);
    cuts.add(threshold.window.toNs);
  }
  return [...cuts]
    .filter((cutNs) => cutNs > scenario.warmupNs && cutNs < scenario.horizonNs)
    .sort((a, b) => a - b);
}

/** Every moment at which the metrics close a segment or a row of the time series. */
function metricTimes(scenario: Scenario, cutsNs: readonly number[]): number[] {
  const times = new Set<number>(cutsNs);
  if (scenario.warmupNs > 0 && scenario.warmupNs < scenario.horizonNs) times.add(scenario.warmupNs);
  const stepNs = scenario.seriesIntervalNs;
  for (let atNs = stepNs; atNs < scenario.horizonNs; atNs += stepNs) times.add(atNs);
  return [...times].sort((a, b) => a - b);
}

/** Hash of everything that decides the numbers: two runs with one key have the same bytes. */
export function contentKey(
  scenario: Scenario,
  seed: string,
  components: readonly OwnComponent[] = [],
  plugins: readonly SchedulerPlugin[] = [],
): string {
  const own = components.map(({ name }) => name);
  for (const { name } of plugins) own.push(`kube-scheduler/${name}`);
  const parts = [VERSION, MODEL_REVISION, seed, canonicalScenario(scenario)];
  return hashText(JSON.stringify(own.length === 0 ? parts : [...parts, own]));
}

function builderOf(
  { kubernetes }: Scenario,
  { components: own = [], schedulerPlugins = [] }: RunOptions,
): ClusterBuilder {
  const names = new Set(own.map(({ name }) => name));
  if (names.size < own.length) throw new Error('two components have the same name');
  if (kubernetes !== null) {
    return (ctx, scenario) => buildKubernetes(ctx, scenario, kubernetes, own, schedulerPlugins);
  }
  if (own.length + schedulerPlugins.length > 0)
    throw new Error('the scenario has no Kubernetes to add components to');
  return buildCluster;
}

class ClusterRun implements Run {
  readonly #scenario: Scenario;
  readonly #options: RunOptions;
  readonly sim: Simulation;
  readonly #metrics: Metrics;
  readonly #constants: Constants;
  readonly #cluster: Cluster;
  #result: RunResult | null = null;

  constructor(scenario: Scenario, options: RunOptions) {
    const cutsNs = cutsOf(scenario);
    this.#scenario = scenario;
    this.#options = options;
    this.#constants = new Constants(constantsOf(scenario), scenario.constants);
    this.sim = new Simulation({
      seed: options.seed,
      horizonNs: scenario.horizonNs,
      queue: options.queue ?? 'two-tier',
      trace: options.trace,
    });
    this.#metrics = new Metrics({
      warmupNs: scenario.warmupNs,
      horizonNs: scenario.horizonNs,
      cutsNs,
      seriesIntervalNs: scenario.seriesIntervalNs,
    });
    // Scheduled before anything else: at its time a cut comes before whatever the models do then.
    const cut = this.sim.eventType('metrics/cut', () => this.#metrics.cut(this.sim.nowNs));
    for (const atNs of metricTimes(scenario, cutsNs)) this.sim.scheduleAt(atNs, cut);
    this.#cluster = (options.build ?? builderOf(scenario, options))(
      { sim: this.sim, metrics: this.#metrics, constants: this.#constants },
      scenario,
    );
    this.#cluster.start();
  }

  advance(maxEvents: number): boolean {
    this.sim.advance(maxEvents);
    return this.sim.finished;
  }

  progress(): RunProgress {
    const sim = this.sim;
    return { nowNs: sim.nowNs, horizonNs: sim.horizonNs, eventCount: sim.eventCount };
  }

  finish(): RunResult {
    if (this.#result !== null) return this.#result;
    const sim = this.sim;
    const { seed, components, schedulerPlugins } = this.#options;
    const interrupted = !sim.finished;
    // With nothing left to do the rest of the time passes in silence.
    const endNs = interrupted ? sim.nowNs : sim.horizonNs;
    const end = this.#cluster.finish();
    this.#result = {
      point: this.#options.point ?? 0,
      replication: this.#options.replication ?? 0,
      seed,
      key: contentKey(this.#scenario, seed, components, schedulerPlugins),
      digest: sim.digest(),
      checkpoints: [...sim.digestCheckpoints()],
      eventCount: sim.eventCount,
      simulatedNs: endNs,
      interrupted,
      metrics: this.#metrics.finish(endNs),
      outages: end.outages,
      timeline: end.timeline ?? null,
      constants: [...this.#constants.entries()],
      warnings: end.warnings,
    };
    return this.#result;
  }
}

export function createRun(scenario: Scenario, options: RunOptions): Run {
  return new ClusterRun(scenario, options);
}

/** The simulation of a run by itself: for a search through its events. */
export function createSimulation(scenario: Scenario, options: RunOptions): Simulation {
  return new ClusterRun(scenario, options).sim;
}
