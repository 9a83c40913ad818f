/** Verbs of disasters: printed as they are read, and refused where they mean nothing. */
import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { parseScenario, printConfig, type Scenario } from '../../src/scenario/index.ts';

const test = suite('scenario: disasters');

function parse(faults: string) {
  const text = [
    'apiVersion: wavetank/v1alpha1',
    'kind: Scenario',
    'metadata: { name: a }',
    'horizon: 1000s',
    'etcd: { members: 3 }',
    'workload: [{ name: w, op: put, rate: 10/s }]',
    `faults: ${faults}`,
  ].join('\n');
  return parseScenario(text, { file: 'a.yaml' });
}

const verbs = [
  '{ at: 1s, restoreSnapshot: etcd/all }',
  '{ at: 2s, restoreSnapshot: etcd/all, age: 90s, speed: 50MB/s, bumpRevision: 1000, restarts: none }',
  '{ at: 3s, replaceMember: etcd/2, learner: true }',
  '{ at: 4s, upgradeEtcd: 3.5.21, stoppedFor: 2s }',
  '{ at: 5s, for: 1s, noisyNeighbour: etcd-0, cores: 2.5, weight: 10, memory: 1GiB }',
  '{ at: 6s, noisyNeighbour: etcd-0, fsyncRate: 10/s, diskBandwidth: 1MB/s }',
  '{ at: 7s, for: 1s, leakMemory: etcd/0, growth: 1MB/s }',
  '{ at: 8s, oomKill: etcd/leader }',
  '{ at: 9s, fillQuota: 90%, superseded: true }',
];

test('what is printed of them is read as the same', () => {
  const hosts = (parse('[]').scenario as Scenario).hosts.map(({ name }) => name);
  const faults = `[${verbs.join(', ').replaceAll('etcd-0', hosts[0])}]`;
  const { scenario, problems } = parse(faults);
  assert.deepEqual(problems, []);
  const again = parseScenario(printConfig(scenario as Scenario), { file: 'b.yaml' });
  assert.deepEqual(again.problems, []);
  assert.equal((scenario as Scenario).faults.length, verbs.length);
  assert.deepEqual((again.scenario as Scenario).faults, (scenario as Scenario).faults);
});

test('a restore of some members, an unknown release and a neighbour that does nothing are refused', () => {
  const codes = (fault: string): string[] => parse(`[${fault}]`).problems.map(({ code }) => code);
  assert.deepEqual(codes('{ at: 1s, restoreSnapshot: etcd/leader }'), ['WT1006']);
  assert.deepEqual(codes('{ at: 1s, upgradeEtcd: latest }'), ['WT1006']);
  const host = (parse('[]').scenario as Scenario).hosts[0].name;
  assert.deepEqual(codes(`{ at: 1s, noisyNeighbour: ${host} }`), ['WT1009']);
  assert.deepEqual(codes(`{ at: 1s, noisyNeighbour: ${host}, cores: 1, disk: none }`), ['WT1006']);
});

test('a neighbour that writes wants a machine with a disk', () => {
  const text = (fault: string): string =>
    'apiVersion: wavetank/v1alpha1\nkind: Scenario\nmetadata: { name: a }\n' +
    `kubernetes: { controlPlane: { topology: external } }\nfaults: [${fault}]\n`;
  const codes = (fault: string): string[] =>
    parseScenario(text(fault), { file: 'a.yaml' }).problems.map(({ code }) => code);
  const neighbour = '{ at: 1s, noisyNeighbour: control-plane/0, ';
  assert.deepEqual(codes(`${neighbour}cores: 1 }`), []);
  assert.deepEqual(codes(`${neighbour}fsyncRate: 200/s }`), ['WT1006']);
  assert.deepEqual(codes(`${neighbour}cores: 1, disk: disk }`), ['WT1006']);
});

test.run();
