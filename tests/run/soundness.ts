/** Runs a scenario with hold of its cluster, and checks that no request was lost. */
import * as assert from 'node:assert/strict';
import { stringify } from 'yaml';
import {
  buildCluster,
  createRun,
  type EtcdRunCluster,
  type QueueName,
} from '../../src/run/index.ts';
import { parseScenario, renderProblem, type Scenario } from '../../src/scenario/index.ts';

/** A run of this size has a few hundred thousand events; one without end is a bug. */
const EVENTS_MAX = 20_000_000;

export function scenarioOf(value: unknown): Scenario {
  const { scenario, problems } = parseScenario(stringify(value), { file: 'chaos.yaml' });
  assert.deepEqual(problems.map(renderProblem), []);
  return scenario!;
}

export function simulate(scenario: Scenario, queue: QueueName, slice: number) {
  const built: EtcdRunCluster[] = [];
  const run = createRun(scenario, {
    seed: scenario.seed,
    queue,
    build: (ctx, s) => {
      built.push(buildCluster(ctx, s));
      return built[0];
    },
  });
  while (!run.advance(slice)) {
    const { eventCount, nowNs } = run.progress();
    assert.ok(eventCount < EVENTS_MAX, `${eventCount} events by ${nowNs} ns`);
  }
  const [cluster] = built;
  const inFlight = new Map(cluster.clients.map((c) => [c.workload.name, c.inFlight]));
  return { result: run.finish(), inFlight, inTable: cluster.etcd.shared.requests.inFlight };
}

type Simulated = ReturnType<typeof simulate>;

/** Requests of a workload by outcome. */
function outcomes({ result }: Simulated, workload: string): Map<string, number> {
  const found = new Map<string, number>();
  for (const counter of result.metrics.counters) {
    if (counter.name !== 'wavetank_client_requests' || counter.labels.workload !== workload)
      continue;
    found.set(counter.labels.outcome, counter.perSegment[0]);
  }
  return found;
}

export function checkConserved(scenario: Scenario, simulated: Simulated): void {
  const { result, inFlight, inTable } = simulated;
  assert.equal(
    [...inFlight.values()].reduce((sum, n) => sum + n, 0),
    inTable,
    'requests in flight, by client and in the table',
  );
  for (const w of scenario.workload) {
    if (w.op === 'watch') continue;
    const counts = outcomes(simulated, w.name);
    const ended = [...counts.values()].reduce((sum, n) => sum + n, 0);
    // Deadlines are shorter than what is left of the run after the last request.
    assert.equal(inFlight.get(w.name), 0, `${w.name}: in flight at the end`);
    if (w.ratePerSecond > 0 && w.arrivals === 'constant') {
      const gapNs = Math.round(1e9 / w.ratePerSecond);
      const planned = Math.ceil((w.stopNs - w.startNs) / gapNs) - 1;
      assert.equal(ended, planned, `${w.name}: answered + failed`);
    }
    const answered = (counts.get('ok') ?? 0) + (counts.get('notFound') ?? 0);
    const tally = result.metrics.tallies.find(
      (t) => t.name === 'wavetank_client_request_duration_seconds' && t.labels.workload === w.name,
    );
    assert.equal(tally?.perSegment[0].total ?? 0, answered, `${w.name}: latencies`);
  }
}
