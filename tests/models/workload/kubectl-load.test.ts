import assert from 'node:assert/strict';
import { suite } from 'uvu';
import { KubectlLoad } from '../../../models/workload/kubectl-load.ts';
import type { LoadScenario } from '../../../src/scenario/types.ts';
import { ADMIN, fakeCluster } from '../../support/fake-cluster.ts';

const test = suite('commands of kubectl as a load');
const S = 1e9;
type Command = Extract<LoadScenario, { readonly command: readonly string[] }>;

function running(command: string, changes: Partial<Command> = {}) {
  const c = fakeCluster({ horizonNs: 100 * S, delayNs: 2 * S });
  const load: Command = {
    kind: 'kubectl',
    name: 'get',
    startNs: 10 * S,
    stopNs: 50 * S,
    user: ADMIN,
    qps: Infinity,
    burst: 1,
    command: command.split(' '),
    everyNs: 15 * S,
    ...changes,
  };
  const client = c.library.client(c.clientOptions('load/get'));
  const times: number[] = [];
  new KubectlLoad(c.ctx, load, client).start();
  const { handle } = c.endpoint;
  c.endpoint.handle = (request) => {
    times.push(Math.round(c.sim.nowNs / S));
    return handle.call(c.endpoint, request);
  };
  while (!c.sim.finished) c.sim.advance(1000);
  return { c, times, result: c.metrics.finish(100 * S) };
}

test('it runs every so often until it is told to stop, over a new connection each time', () => {
  const { c, times, result } = running('kubectl get pods');
  assert.deepEqual(times, [10, 25, 40]);
  assert.equal(new Set(c.endpoint.requests.map((r) => r.connection)).size, 3);
  const requests = result.counters.find((x) => x.name === 'wavetank_kubectl_requests');
  assert.ok(requests !== undefined);
});

test('one that takes longer than its period begins again when it ends', () => {
  const { times } = running('kubectl get pods', { everyNs: S, stopNs: 17 * S });
  assert.deepEqual(times, [10, 12, 14, 16]);
});

test('once means once, and a command that is not modelled is told and not run', () => {
  assert.deepEqual(running('kubectl get pods', { everyNs: 0 }).times, [10]);
  const { times, result } = running('kubectl edit pods');
  assert.deepEqual(times, []);
  assert.match(result.events[0].detail, /kubectl edit is not modelled/);
});

test('commands are counted by what they end with, and by how long they took', () => {
  const { result } = running('kubectl get pods');
  const results = result.tallies.filter(({ name }) => name === 'wavetank_kubectl_result_seconds');
  assert.deepEqual(
    results.map(({ labels }) => labels),
    [{ load: 'get', result: 'ok' }],
  );
});

test.run();
