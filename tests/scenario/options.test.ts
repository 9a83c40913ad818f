import * as assert from 'node:assert';
import { suite } from 'uvu';
import {
  type DiskProfile,
  expandExperiment,
  parseScenario,
  type Scenario,
} from '../../src/scenario/index.ts';

const test = suite('options of the reader');
const SCENARIO = `apiVersion: wavetank/v1alpha1
kind: Scenario
metadata: { name: one }
seed: file
replications: 3
constants: { etcd.applyNsPerEntry: 20us }
`;
const EXPERIMENT = `apiVersion: wavetank/v1alpha1
kind: Experiment
metadata: { name: sweep }
question: How many?
base: { workload: [{ name: w, op: put, rate: 1/s }] }
sweep:
  - { path: etcd.members, values: [1, 3] }
`;

function read(text: string, options: object = {}): Scenario {
  const { scenario, problems } = parseScenario(text, { file: 'a.yaml', ...options });
  assert.deepEqual(problems, []);
  assert.ok(scenario !== null);
  return scenario;
}

function codes(text: string, options: object = {}): string[] {
  return parseScenario(text, { file: 'a.yaml', ...options }).problems.map((p) => p.code);
}

test('Seed and replications of the options win over those of the file.', () => {
  const plain = read(SCENARIO);
  assert.deepEqual([plain.seed, plain.replications], ['file', 3]);
  const given = read(SCENARIO, { seed: 'mine', replications: 7 });
  assert.deepEqual([given.seed, given.replications], ['mine', 7]);
  const { experiment } = parseScenario(EXPERIMENT, { file: 'a', seed: 'mine', replications: 2 });
  assert.ok(experiment !== null);
  for (const { scenario } of expandExperiment(experiment)) {
    assert.deepEqual([scenario.seed, scenario.replications], ['mine', 2]);
  }
});

test('Constants are checked by name and unit where they are known.', () => {
  const known = { 'etcd.applyNsPerEntry': { unit: 'ns' }, 'etcd.x': { unit: 'ratio' } };
  assert.deepEqual(read(SCENARIO, { constants: known }).constants, {
    'etcd.applyNsPerEntry': 20_000,
  });
  const changed = (to: string) => SCENARIO.replace('etcd.applyNsPerEntry: 20us', to);
  assert.deepEqual(codes(changed('etcd.aplyNsPerEntry: 20us'), { constants: known }), ['WT1111']);
  assert.deepEqual(codes(changed('etcd.applyNsPerEntry: 20'), { constants: known }), ['WT1005']);
  assert.deepEqual(codes(changed('etcd.applyNsPerEntry: 20KiB'), { constants: known }), ['WT1006']);
  assert.deepEqual(codes(changed('etcd.x: 5%'), { constants: known }), []);
  assert.deepEqual(codes(changed('anything: 20')), []);
});

test('Points are numbered in their order, and carry their axes in the name.', () => {
  const { experiment } = parseScenario(EXPERIMENT, { file: 'a' });
  assert.ok(experiment !== null);
  assert.deepEqual(
    expandExperiment(experiment).map(({ index, axes, scenario }) => [index, axes, scenario.name]),
    [
      [0, { 'etcd.members': 1 }, 'sweep etcd.members=1'],
      [1, { 'etcd.members': 3 }, 'sweep etcd.members=3'],
    ],
  );
  assert.deepEqual(experiment.axes, ['etcd.members']);
});

test('Axes that multiply beyond the limit are refused before a point is made.', () => {
  const values = Array.from({ length: 100 }, (_, i) => `${i + 1}ms`).join(', ');
  const axes = ['network.peerRtt', 'network.clientRtt', 'etcd.disk.fsync'];
  const lines = axes.map((path) => `  - { path: ${path}, values: [${values}] }`);
  const text = EXPERIMENT.replace(/ {2}- \{ path: etcd.*\n/, `${lines.join('\n')}\n`);
  const { problems } = parseScenario(text, { file: 'a' });
  assert.deepEqual(
    problems.map((p) => p.code),
    ['WT1602'],
  );
  assert.equal(problems[0].message, 'the axes multiply to 1000000 points');
});

test('A file that many points name is read once.', () => {
  let reads = 0;
  const reader = () => {
    reads += 1;
    return { text: '1ms\n2ms\n' };
  };
  const text = EXPERIMENT.replace(
    'base: {',
    'base: { network: { peerRtt: { samples: ./rtt.csv } }, ',
  );
  const { problems } = parseScenario(text, { file: 'a', reader });
  assert.deepEqual(problems, []);
  assert.equal(reads, 1);
});

test('Where a file cannot be read, the reason is that of the reader.', () => {
  const text = `${SCENARIO}etcd: { disk: { fsync: { profile: ./x.yaml } } }\n`;
  const reader = () => ({ error: 'permission denied' });
  const [problem] = parseScenario(text, { file: 'a', reader }).problems;
  assert.equal(problem.message, './x.yaml: permission denied');
});

test('assumedStalls: false leaves the stalls of a profile out where they were assumed.', () => {
  const body = { kind: 'lognormal', p50: 1e6, p99: 4e6 } as const;
  const stall = { startPerSecond: 0.1, length: { kind: 'constant', value: 1e9 } } as const;
  const profile = (name: string, stallsAssumed: boolean): DiskProfile => ({
    name,
    description: '',
    kind: 'response',
    fsync: { kind: 'mixture', body, stall },
    source: '',
    stallsAssumed,
    observedFsyncsPerSecond: null,
  });
  const profiles = { guess: profile('guess', true), series: profile('series', false) };
  const diskOf = (disk: string) => {
    const text = `${SCENARIO}etcd: { disk: ${disk} }\n`;
    const { scenario, problems } = parseScenario(text, { file: 'a', profiles });
    assert.deepEqual(problems, []);
    const { fsync, fsyncKind, profile: name } = (scenario as Scenario).hosts[0].disks[0];
    return { fsync, fsyncKind, name };
  };
  const whole = { kind: 'mixture', body, stall };
  const fsyncKind = 'response';
  assert.deepEqual(diskOf('{ fsync: { profile: guess } }'), {
    fsync: whole,
    fsyncKind,
    name: 'guess',
  });
  assert.deepEqual(diskOf('{ fsync: { profile: guess }, assumedStalls: false }'), {
    fsync: body,
    fsyncKind,
    name: 'guess, without stalls',
  });
  const twice = '{ scaled: { by: 2, of: { profile: guess } } }';
  assert.deepEqual(diskOf(`{ fsync: ${twice}, assumedStalls: false }`), {
    fsync: { kind: 'scaled', by: 2, of: body },
    fsyncKind,
    name: 'guess, scaled, without stalls',
  });
  // What was measured stays, whatever is said of what is assumed.
  assert.deepEqual(diskOf('{ fsync: { profile: series }, assumedStalls: false }'), {
    fsync: whole,
    fsyncKind,
    name: 'series',
  });
});

test.run();
