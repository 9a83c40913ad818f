/** A run of a whole cluster that a test can stop anywhere, look into and act on. Times are ms. */
import * as assert from 'node:assert/strict';
import type { EtcdCluster, EtcdMember } from '../../../models/etcd/index.ts';
import type { HistogramData } from '../../../src/metrics/index.ts';
import { meanOf, mergeHistograms, quantileRank, sampleOfRank } from '../../../src/metrics/index.ts';
import type { ModelContext } from '../../../src/resource/index.ts';
import { buildCluster, createRun, type EtcdRunCluster } from '../../../src/run/index.ts';
import type { RunResult } from '../../../src/run/result.ts';
import type { Scenario } from '../../../src/scenario/types.ts';
import { type ClusterOptions, clusterScenario, MS, S } from '../../support/scenario.ts';

const SLICE_EVENTS = 1 << 16;

/** A builder's options, or a scenario that is ready. */
export type ClusterOptionsOrScenario = ClusterOptions | Scenario;

export interface Bed {
  readonly etcd: EtcdCluster;
  readonly built: EtcdRunCluster;
  /** Simulated time in ms. */
  now(): number;
  member(index: number): EtcdMember;
  leader(): EtcdMember;
  /** Acts at a moment of the future, between two events. */
  at(time: number, action: () => void): void;
  /** Runs up to that moment. */
  to(time: number): void;
  /** Runs, event by event, until the condition holds; it must within 60 s. */
  until(condition: () => boolean, what: string): void;
  /** Runs to the horizon. */
  end(): Outcome;
}

export interface Outcome {
  readonly result: RunResult;
  /** Sum of a counter over all its labels that match. */
  counter(name: string, labels?: Readonly<Record<string, string>>): number;
  tally(name: string, labels?: Readonly<Record<string, string>>): HistogramData;
  /** Latency of answered requests of a workload, in ms. */
  latency(workload?: string): { count: number; mean: number; p: (p: number) => number };
  /** Answered requests a second of the measured time. */
  throughput(workload?: string): number;
  /** Outcomes that occurred, with their numbers. */
  outcomes(workload?: string): Record<string, number>;
  /** Events of a kind, in ms. */
  times(kind: string, subject?: string): number[];
}

export function open(options: ClusterOptionsOrScenario): Bed {
  const scenario =
    'etcd' in options && 'hosts' in options
      ? (options as Scenario)
      : clusterScenario(options as ClusterOptions);
  let built: EtcdRunCluster | null = null;
  let ctx: ModelContext | null = null;
  const run = createRun(scenario, {
    seed: scenario.seed,
    build: (context, s) => {
      ctx = context;
      built = buildCluster(context, s);
      return built;
    },
  });
  const { sim } = ctx!;
  const { etcd } = built!;
  const actions: (() => void)[] = [];
  const atType = sim.eventType('test/at', (i) => actions[i]());
  const at = (time: number, action: () => void): void => {
    actions.push(action);
    sim.scheduleAt(Math.round(time * MS), atType, actions.length - 1);
  };
  return {
    etcd,
    built: built!,
    now: () => sim.nowNs / MS,
    member: (index) => etcd.members[index],
    leader: () => etcd.members[etcd.leaderIndex],
    at,
    to(time) {
      let reached = false;
      at(time, () => {
        reached = true;
      });
      while (!reached && !run.advance(1)) {
        // One event at a time: the marker is one of them.
      }
      assert.ok(reached, `the run ended before ${time} ms`);
    },
    until(condition, what) {
      const limitNs = sim.nowNs + 60 * S;
      while (!condition()) {
        const over = run.advance(1);
        assert.ok(!over && sim.nowNs < limitNs, `never: ${what}`);
      }
    },
    end() {
      while (!run.advance(SLICE_EVENTS)) {
        // To the horizon.
      }
      return outcomeOf(run.finish(), scenario);
    },
  };
}

export function simulate(options: ClusterOptionsOrScenario): Outcome {
  return open(options).end();
}

function outcomeOf(result: RunResult, scenario: Scenario): Outcome {
  const { metrics } = result;
  const seconds = (scenario.horizonNs - scenario.warmupNs) / S;
  const matches = (
    labels: Readonly<Record<string, string>>,
    wanted: Readonly<Record<string, string>>,
  ): boolean => Object.keys(wanted).every((key) => labels[key] === wanted[key]);
  const tally = (name: string, labels: Readonly<Record<string, string>> = {}): HistogramData => {
    const found = metrics.tallies.filter((t) => t.name === name && matches(t.labels, labels));
    assert.ok(found.length > 0, `no tally ${name}`);
    return mergeHistograms(found.flatMap((t) => t.perSegment));
  };
  const ofWorkload = (name: string | undefined): Readonly<Record<string, string>> =>
    name === undefined ? {} : { workload: name };
  return {
    result,
    tally,
    counter(name, labels = {}) {
      const found = metrics.counters.filter((c) => c.name === name && matches(c.labels, labels));
      assert.ok(found.length > 0, `no counter ${name}`);
      return found.reduce((sum, c) => sum + c.perSegment.reduce((a, b) => a + b, 0), 0);
    },
    latency(name) {
      const data = tally('wavetank_client_request_duration_seconds', ofWorkload(name));
      return {
        count: data.total,
        mean: meanOf(data) / MS,
        p: (p) => sampleOfRank(data, quantileRank(data.total, p)) / MS,
      };
    },
    throughput(name) {
      return tally('wavetank_client_request_duration_seconds', ofWorkload(name)).total / seconds;
    },
    outcomes(name) {
      const counts: Record<string, number> = {};
      for (const c of metrics.counters) {
        if (c.name !== 'wavetank_client_requests' || !matches(c.labels, ofWorkload(name))) continue;
        const n = c.perSegment.reduce((a, b) => a + b, 0);
        if (n > 0) counts[c.labels.outcome] = (counts[c.labels.outcome] ?? 0) + n;
      }
      return counts;
    },
    times(kind, subject) {
      return metrics.events
        .filter((e) => e.kind === kind && (subject === undefined || e.subject === subject))
        .map((e) => e.timeNs / MS);
    },
  };
}

/** Within a share of what is expected. */
export function near(actual: number, expected: number, share: number, what = ''): void {
  const off = Math.abs(actual - expected) / Math.abs(expected);
  assert.ok(off <= share, `${what} ${actual}, expected ${expected} within ${share * 100} %`);
}
