import assert from 'node:assert/strict';
import { suite } from 'uvu';
import { Host, Memory } from '../../../models/machine/index.ts';
import { sineOfTurns } from '../../../models/machine/sine.ts';
import { at, clockScenario, diskScenario, recorder, world } from './world.ts';

const test = suite('memory and host');
const MIB = 1_048_576;

test('a process over its own limit is killed, the others stay', () => {
  const w = world({ horizonNs: 1000 });
  const memory = new Memory(w, 'memory', 8192 * MIB);
  const killed: string[] = [];
  const onOomKill = () => killed.push('etcd');
  const etcd = memory.process('etcd', { limitBytes: 2048 * MIB, onOomKill });
  const other = memory.process('other', { onOomKill: () => killed.push('other') });
  memory.set(other, 4000 * MIB);
  memory.set(etcd, 2048 * MIB);
  assert.deepEqual(killed, []);
  memory.add(etcd, 1);
  assert.deepEqual(killed, ['etcd']);
  assert.equal(memory.residentBytes(etcd), 0);
  assert.equal(memory.availableBytes, 4192 * MIB);
  assert.deepEqual(w.run().events, [
    { timeNs: 0, kind: 'oomKill', subject: 'etcd', detail: '2147483649 bytes' },
  ]);
});

test('a full host kills its largest process, whoever asked for the last byte', () => {
  const w = world();
  const memory = new Memory(w, 'memory', 1000);
  const killed: string[] = [];
  const small = memory.process('small', { onOomKill: () => killed.push('small') });
  const large = memory.process('large', { onOomKill: () => killed.push('large') });
  memory.set(large, 700);
  memory.set(small, 301);
  assert.deepEqual(killed, ['large']);
  assert.equal(memory.availableBytes, 699);
});

// oom_score_adj of what is critical to its node is -997, of a pod without requests 1000.
test('a full host kills pods of users before what is critical, however small they are', () => {
  const memory = new Memory(world(), 'memory', 1000);
  const killed: string[] = [];
  const process = (name: string, isExpendable: boolean) =>
    memory.process(name, { isExpendable, onOomKill: () => killed.push(name) });
  const server = process('kube-apiserver', false);
  const pods = [process('small pod', true), process('pod', true)];
  memory.set(server, 800);
  memory.set(pods[0], 50);
  memory.set(pods[1], 100);
  memory.add(server, 60);
  assert.deepEqual(killed, ['pod']);
  memory.add(server, 120);
  assert.deepEqual(killed, ['pod', 'small pod']);
  memory.add(server, 30);
  assert.deepEqual(killed, ['pod', 'small pod', 'kube-apiserver']);
});

test('pressure begins below 100 MiB available, and the page cache has what is left', () => {
  const w = world();
  const memory = new Memory(w, 'memory', 1000 * MIB);
  const p = memory.process('p');
  memory.set(p, 900 * MIB);
  assert.equal(memory.pressure, false);
  assert.equal(memory.cachedShare(50 * MIB), 1);
  assert.equal(memory.cachedShare(400 * MIB), 0.25);
  memory.add(p, 1);
  assert.equal(memory.pressure, true);
});

test('a paused host runs nothing, its disks and clocks go on, and a crash is seen by listeners', () => {
  const w = world();
  const host = new Host(w, 'node', {
    name: 'node',
    cores: 2,
    memoryBytes: 1000 * MIB,
    zone: 'a',
    clock: clockScenario(),
    disks: [diskScenario()],
  });
  const states: string[] = [];
  host.onState((state) => states.push(state));
  const done = recorder(w);
  const p = host.cpu.process('etcd');
  host.cpu.execute(p, 100, done.type, 0, 0);
  host.disk('wal').fsync(1, done.type, 1, 0);
  at(w, 50, () => host.pause());
  at(w, 5000, () => host.resume());
  at(w, 6000, () => host.crash());
  at(w, 7000, () => host.boot());
  w.runTo(8000);
  assert.deepEqual(done.log, ['1000:1', '5050:0']);
  assert.deepEqual(states, ['paused', 'up', 'down', 'up']);
  assert.equal(host.clock.monotonicNs(), 8000);
  assert.throws(() => host.disk('nope'), /host node has no disk nope/);
});

test('the sine is right to 13 digits all around the circle', () => {
  for (let i = -50; i <= 150; i++) {
    const turns = i / 100;
    const expected = Math.sin(2 * Math.PI * turns);
    assert.ok(Math.abs(sineOfTurns(turns) - expected) < 1e-13, `sine of ${turns} turns`);
  }
});

test.run();
