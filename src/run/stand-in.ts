/**
 * A single M/M/1 station in the place of a cluster: until the etcd model is wired in.
 */
import type { ModelContext } from '../resource/index.ts';
import type { Scenario } from '../scenario/types.ts';
import type { Cluster } from './cluster.ts';

const MEAN_SERVICE_NS = 1_000_000;
const MEAN_GAP_NS = 2_000_000;

export function buildCluster(ctx: ModelContext, _scenario: Scenario): Cluster {
  const { sim, metrics } = ctx;
  const gaps = sim.stream('standin/arrival');
  const services = sim.stream('standin/service');
  const duration = metrics.tally(
    'wavetank_standin_sojourn_seconds',
    { op: 'put' },
    { unit: 'ns', help: 'Time in an M/M/1 station.' },
  );
  const queue: number[] = [];
  const begin = (): void => {
    sim.schedule(Math.round(services.exponential() * MEAN_SERVICE_NS), departure);
  };
  const arrival: number = sim.eventType('standin/arrival', () => {
    queue.push(sim.nowNs);
    if (queue.length === 1) begin();
    sim.schedule(Math.round(gaps.exponentialInverse() * MEAN_GAP_NS), arrival);
  });
  const departure: number = sim.eventType('standin/departure', () => {
    duration.record(sim.nowNs - queue.shift()!);
    if (queue.length > 0) begin();
  });
  return {
    start: () => void sim.schedule(0, arrival),
    finish: () => ({ outages: [], warnings: [] }),
  };
}
