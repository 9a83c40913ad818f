import assert from 'node:assert/strict';
import fc from 'fast-check';
import { suite } from 'uvu';
import type { ApiClient } from '../../../models/client-go/index.ts';
import type { ApiCall } from '../../../models/objects/index.ts';
import { type FakeCluster, fakeCluster } from '../../support/fake-cluster.ts';
import { status } from '../../support/fake-store.ts';

const test = suite('transport under faults');
const MS = 1e6;
const S = 1e9;
const KINDS = [
  'get',
  'get',
  'get',
  'create',
  'create',
  'crash',
  'restart',
  'cut',
  'heal',
  'goaway',
  'stop',
  'close',
  'busy',
] as const;

interface Step {
  readonly kind: (typeof KINDS)[number];
  readonly who: number;
  readonly afterMs: number;
}

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    kind: fc.constantFrom(...KINDS),
    who: fc.nat(5),
    afterMs: fc.oneof(fc.nat(2), fc.nat(300), fc.nat(40_000)),
  }),
  { minLength: 1, maxLength: 80 },
);

class Story {
  readonly c: FakeCluster;
  readonly clients: readonly ApiClient[];
  /** Results of each call, and whether its client was stopped before one came. */
  readonly calls: { results: number; isVoid: boolean; readonly who: number }[] = [];
  readonly #cuts: number[] = [];

  constructor(clientList: boolean, horizonNs = 99 * 3600 * S) {
    const delayNs = 20 * MS;
    const loadBalancer = { kind: 'loadBalancer' as const, healthIntervalNs: S };
    this.c = fakeCluster({ replicas: 2, delayNs, loadBalancer, horizonNs });
    const names = this.c.endpoints.map((endpoint) => endpoint.name);
    const servers = clientList ? names : ['loadBalancer'];
    this.clients = Array.from({ length: 6 }, (_, i) => {
      const transport = i < 3 ? 'shared' : undefined;
      const limits = { qps: 5, burst: 2, timeoutNs: i % 2 === 0 ? 10 * S : Infinity };
      const options = this.c.clientOptions(`agent/${i}`, { servers, transport, ...limits });
      return this.c.library.client(options);
    });
  }

  act({ kind, who }: Step): void {
    const { c } = this;
    const endpoint = c.endpoints[who % 2];
    if (kind === 'get' || kind === 'create') this.#call(who, kind);
    else if (kind === 'crash') endpoint.crash();
    else if (kind === 'restart') endpoint.restart();
    else if (kind === 'goaway') endpoint.goaway(-1);
    else if (kind === 'heal') c.network.heal(this.#cuts.pop() ?? this.#cut(who));
    else if (kind === 'cut') this.#cuts.push(this.#cut(who));
    else if (kind === 'close') this.clients[who].closeConnections();
    else if (kind === 'busy') {
      let refusals = 3;
      endpoint.intercept = () => (refusals-- > 0 ? status(429, 'TooManyRequests', 1) : null);
    } else this.#stop(who);
  }

  /** Everything works again. */
  repair(): void {
    for (const id of this.#cuts.splice(0)) this.c.network.heal(id);
    for (const endpoint of this.c.endpoints) endpoint.restart();
  }

  #cut(who: number): number {
    const hosts = [this.c.network.host('control-plane')];
    const servers = [this.c.network.host(`kube-apiserver/${who % 2}`)];
    return this.c.network.partition(hosts, servers, { mode: who === 5 ? 'reset' : 'blackhole' });
  }

  #call(who: number, kind: 'get' | 'create'): void {
    const entry = { results: 0, isVoid: false, who };
    this.calls.push(entry);
    const call: ApiCall =
      kind === 'get'
        ? { verb: 'get', resource: 'configmaps', path: 'd/a' }
        : { verb: 'delete', resource: 'configmaps', path: 'd/a' };
    this.clients[who].call(call, () => {
      assert.equal(entry.isVoid, false, 'a stopped client is not answered');
      entry.results++;
    });
  }

  #stop(who: number): void {
    this.clients[who].stop();
    for (const call of this.calls) {
      if (call.who === who && call.results === 0) call.isVoid = true;
    }
    this.clients[who].restart();
  }
}

test('every call has exactly one result, unless its client was stopped; nothing is left behind', () => {
  fc.assert(
    fc.property(steps, fc.boolean(), (list, clientList) => {
      const story = new Story(clientList);
      const { c } = story;
      let atNs = 0;
      for (const s of list) {
        atNs += s.afterMs * MS;
        c.run(atNs);
        story.act(s);
      }
      c.run(atNs + S);
      story.repair();
      // Beyond retries, pings, back-offs of TCP, and the servers' patience.
      c.run(atNs + 2000 * S);
      for (const call of story.calls) {
        assert.equal(call.results, call.isVoid ? 0 : 1, JSON.stringify(call));
      }
      assert.equal(c.library.transport.openRequests, 0);
      for (const client of story.clients) client.stop();
      c.run(atNs + 4000 * S);
      assert.equal(c.library.transport.openConnections, 0);
    }),
    { numRuns: 120 },
  );
});

test('how a run is sliced changes nothing', () => {
  const digest = (slice: number) => {
    const story = new Story(false, 200 * S);
    for (let i = 0; i < 40; i++) {
      const kind = KINDS[(i * 5) % KINDS.length];
      story.c.at(i * S, () => story.act({ kind, who: i % 6, afterMs: 0 }));
    }
    while (!story.c.sim.finished) story.c.sim.advance(slice);
    return [story.c.sim.digest(), story.calls.map((call) => call.results).join('')];
  };
  assert.deepEqual(digest(1), digest(1000));
  assert.ok(digest(7)[1].includes('1'));
});

test.run();
