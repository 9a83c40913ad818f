import assert from 'node:assert/strict';
import { suite } from 'uvu';
import { type ComponentProcess, SerialLoop } from '../../../models/client-go/index.ts';
import { type FakeCluster, fakeCluster } from '../../support/fake-cluster.ts';

const test = suite('processes of components');
const MS = 1e6;
const S = 1e9;

function supervised(c: FakeCluster, supervisor: 'kubelet' | 'systemd'): ComponentProcess {
  return c.library.process(c.hosts.get('control-plane')!, {
    name: 'manager/0',
    cpuWeight: 100,
    cpuQuotaCores: Infinity,
    memoryLimitBytes: 1000,
    supervisor,
  });
}

test('a loop never has more than one core, however many there are', () => {
  const c = fakeCluster();
  const process = c.process('manager/0');
  const loop = new SerialLoop(c.sim, process, 'loop');
  const done: number[] = [];
  for (let i = 0; i < 5; i++) loop.run(10 * MS, () => done.push(c.sim.nowNs / MS));
  c.run(S);
  assert.deepEqual(done, [10, 20, 30, 40, 50]);
});

test('jobs of a process run side by side', () => {
  const c = fakeCluster();
  const process = c.process('manager/0');
  const done: number[] = [];
  const type = c.sim.eventType('test/done', () => done.push(c.sim.nowNs / MS));
  for (let i = 0; i < 5; i++) process.execute(10 * MS, type, 0, 0);
  c.run(S);
  assert.deepEqual(done, [10, 10, 10, 10, 10]);
});

test('a crash forgets jobs, loops and generators; the first restart is at once', () => {
  const c = fakeCluster();
  const process = supervised(c, 'kubelet');
  const loop = new SerialLoop(c.sim, process, 'loop');
  const log: string[] = [];
  const say = (text: string) => log.push(`${c.sim.nowNs / S} ${text}`);
  loop.run(10 * MS, () => say('loop'));
  process.spawn(
    (function* () {
      yield 10 * MS;
      say('generator');
    })(),
  );
  process.onStop((reason) => say(reason));
  process.onStart(() => {
    say('start');
    loop.run(10 * MS, () => say('loop'));
  });
  c.at(5 * MS, () => process.crash());
  c.run(10 * S);
  // The kubelet sees it after 1 s, the process needs 1 s to start.
  assert.deepEqual(log, ['0.005 killed', '2.005 start', '2.015 loop']);
});

test('the kubelet waits 10 s x 2 up to 5 min between restarts, and forgets that after 10 min', () => {
  const c = fakeCluster();
  const process = supervised(c, 'kubelet');
  const waits: number[] = [];
  let endedNs = 0;
  process.onStart(() => {
    waits.push((c.sim.nowNs - endedNs) / S - 2);
    if (waits.length < 8) end();
  });
  const end = () => {
    endedNs = c.sim.nowNs;
    process.exit('error');
  };
  end();
  c.run(3600 * S);
  assert.deepEqual(waits, [0, 10, 20, 40, 80, 160, 300, 300]);
  end();
  c.run(2 * 3600 * S);
  assert.equal(waits[8], 0);
});

test('systemd starts it again after 100 ms', () => {
  const c = fakeCluster();
  const process = supervised(c, 'systemd');
  let startedNs = 0;
  process.onStart(() => {
    startedNs = c.sim.nowNs;
  });
  c.at(S, () => process.exit('error'));
  c.run(10 * S);
  assert.equal(startedNs, 2.1 * S);
});

test('one that uses more memory than its limit is killed, and begins with none', () => {
  const c = fakeCluster();
  const process = supervised(c, 'kubelet');
  let reason = '';
  process.onStop((r) => {
    reason = r;
  });
  process.addMemory(900);
  assert.ok(process.isRunning);
  process.addMemory(200);
  assert.equal(reason, 'OOMKilled');
  c.run(10 * S);
  assert.ok(process.isRunning);
  process.addMemory(900);
  assert.ok(process.isRunning);
});

test('a host that loses its power takes the process with it, and starts it when it boots', () => {
  const c = fakeCluster();
  const process = supervised(c, 'kubelet');
  const host = c.hosts.get('control-plane')!;
  let startedNs = 0;
  process.onStart(() => {
    startedNs = c.sim.nowNs;
  });
  c.at(S, () => host.crash());
  c.run(60 * S);
  assert.equal(process.isRunning, false);
  host.boot();
  c.run(70 * S);
  assert.equal(startedNs, 61 * S);
});

test('a frozen process does later what fell due meanwhile', () => {
  const c = fakeCluster();
  const process = c.process('manager/0');
  const log: number[] = [];
  process.spawn(
    (function* () {
      for (let i = 0; i < 3; i++) {
        yield S;
        log.push(c.sim.nowNs / S);
      }
    })(),
  );
  c.at(1.5 * S, () => process.pause());
  c.at(10 * S, () => process.resume());
  c.run(20 * S);
  assert.deepEqual(log, [1, 10, 11]);
});

test('a paused host holds its processes up as well', () => {
  const c = fakeCluster();
  const process = c.process('manager/0');
  const host = c.hosts.get('control-plane')!;
  const log: number[] = [];
  process.spawn(
    (function* () {
      yield S;
      log.push(c.sim.nowNs / S);
      yield process.work(S);
      log.push(c.sim.nowNs / S);
    })(),
  );
  c.at(0.5 * S, () => host.pause());
  c.at(5 * S, () => host.resume());
  c.at(5.5 * S, () => host.pause());
  c.at(8 * S, () => host.resume());
  c.run(20 * S);
  assert.deepEqual(log, [5, 8.5]);
});

test('a process that is stopped stays so until it is started', () => {
  const c = fakeCluster();
  const process = supervised(c, 'systemd');
  process.stop();
  c.run(3600 * S);
  assert.equal(process.state, 'down');
  process.start();
  c.run(3602 * S);
  assert.equal(process.state, 'running');
});

test.run();
