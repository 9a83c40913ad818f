/** Components that a user of the library adds: they change nothing but by what they do. */
import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { createRun, type OwnComponent } from '../../src/run/index.ts';
import { clusterOf } from './kubernetes-support.ts';
import { makeScenario } from './support.ts';

const test = suite('run: own components');

const scenario = clusterOf({}, { horizon: '5s' });

function run(...components: OwnComponent[]) {
  const created = createRun(scenario, { seed: 'own', components });
  while (!created.advance(1 << 20));
  return created.finish();
}

const idle: OwnComponent = { name: 'idle', create: () => ({ start: () => {} }) };

test('a component that does nothing changes no event, but the key of the result', () => {
  const [without, beside] = [run(), run(idle)];
  assert.equal(beside.digest, without.digest);
  assert.notEqual(beside.key, without.key);
  assert.equal(beside.key, run(idle).key);
});

test('calls of a component are answered, and counted under its name', () => {
  const codes: number[] = [];
  const asks: OwnComponent = {
    name: 'asks',
    create(cluster) {
      const { client } = cluster.parts('asks');
      const ask = () =>
        client.call({ verb: 'get', resource: 'nodes', path: 'worker-0' }, (result) =>
          codes.push(result.code),
        );
      return { start: ask };
    },
  };
  run(asks);
  assert.deepEqual(codes, [200]);
});

test('a host that is not there is named with those that are', () => {
  const lost: OwnComponent = {
    name: 'lost',
    create(cluster) {
      cluster.parts('lost', { host: 'nowhere' });
      return { start: () => {} };
    },
  };
  assert.throws(() => run(lost), /no host nowhere; there are control-plane\/0/);
});

test('two components of one name, and components without a cluster, are refused', () => {
  assert.throws(() => run(idle, idle), /two components have the same name/);
  const etcdAlone = () => createRun(makeScenario(), { seed: 'own', components: [idle] });
  assert.throws(etcdAlone, /no Kubernetes to add components to/);
});

test.run();
