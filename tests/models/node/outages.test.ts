/** Nodes from outside: pressure, crashes, a network plugin or a registry that is gone. */
import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import type { CrashLoops } from '../../../models/node/index.ts';
import type { Node, Pod } from '../../../models/objects/index.ts';
import {
  APP,
  boundPod,
  container,
  type NodeBed,
  nodeBed,
  nodeGroup,
  steadyRuntime,
} from './bed.ts';

const test = suite('node/outages');
const S = 1e9;
const NODE = 'workers-0';

const steady = () => nodeGroup({ images: [APP], runtime: steadyRuntime() });

function started(names: readonly string[], priorities: readonly number[] = []): NodeBed {
  const bed = nodeBed({ groups: [steady()] });
  names.forEach((name, i) => {
    const spec = { priority: priorities[i] ?? 0 };
    bed.bind(S, boundPod(bed.cluster, name, NODE, { spec }));
  });
  return bed;
}

const podOf = (bed: NodeBed, name: string) => bed.cluster.store.get<Pod>('pods', `default/${name}`);
const conditions = (bed: NodeBed) => bed.cluster.store.get<Node>('nodes', NODE)?.status.conditions;

test('A full disk takes a pod in every round of 10 s, the least important first.', () => {
  const bed = started(['high', 'low', 'critical'], [100, 10, 2_000_001_000]);
  bed.cluster.at(100 * S, () => bed.nodes.take(NODE, 'disk', 0.95));
  const phases = (atNs: number) => {
    bed.cluster.run(atNs);
    return ['low', 'high', 'critical'].map((name) => podOf(bed, name)?.status.phase);
  };
  assert.deepEqual(phases(99 * S), ['Running', 'Running', 'Running']);
  // The first round is within 10 s, the next 10 s later; a pod is stopped within a second or two.
  assert.deepEqual(phases(114 * S).slice(1), ['Running', 'Running']);
  assert.deepEqual(phases(130 * S), ['Failed', 'Failed', 'Running']);
  assert.equal(podOf(bed, 'low')?.status.reason, 'Evicted');
  assert.equal(conditions(bed)?.diskPressure, 'True');
  assert.equal(conditions(bed)?.ready, 'True');
});

test('Under disk pressure pods are refused, and the condition stays for five minutes after it.', () => {
  const bed = started([]);
  bed.cluster.at(100 * S, () => bed.nodes.take(NODE, 'disk', 0.95));
  bed.bind(150 * S, boundPod(bed.cluster, 'late', NODE));
  bed.cluster.at(200 * S, () => bed.nodes.take(NODE, 'disk', -0.95));
  bed.cluster.run(480 * S);
  assert.equal(podOf(bed, 'late')?.status.reason, 'Evicted');
  assert.equal(conditions(bed)?.diskPressure, 'True');
  bed.cluster.run(530 * S);
  assert.equal(conditions(bed)?.diskPressure, 'False');
});

test('What others take of the memory counts with what pods use, and stops when enough is free.', () => {
  const behaviour = { memoryUseBytes: 3e9 } as never;
  const bed = nodeBed({ groups: [steady()] });
  for (const name of ['a', 'b', 'c']) {
    bed.bind(
      S,
      boundPod(bed.cluster, name, NODE, { spec: { containers: [container({ behaviour })] } }),
    );
  }
  // 16 GB: 9 GB of pods and 8 GB of others do not fit; 6 and 8 do.
  bed.cluster.at(100 * S, () => bed.nodes.take(NODE, 'memory', 0.5));
  bed.cluster.run(300 * S);
  const failed = ['a', 'b', 'c'].filter((name) => podOf(bed, name)?.status.phase === 'Failed');
  assert.equal(failed.length, 1);
});

test('Without its network plugin a node is NotReady, what runs goes on, and new pods wait.', () => {
  const bed = started(['old']);
  bed.cluster.at(100 * S, () => bed.nodes.setNetwork(NODE, false));
  bed.bind(130 * S, boundPod(bed.cluster, 'new', NODE));
  bed.bind(130 * S, boundPod(bed.cluster, 'host', NODE, { spec: { hostNetwork: true } }));
  bed.cluster.at(200 * S, () => bed.nodes.setNetwork(NODE, true));
  bed.cluster.run(190 * S);
  assert.equal(conditions(bed)?.ready, 'False');
  assert.equal(podOf(bed, 'old')?.status.phase, 'Running');
  assert.equal(podOf(bed, 'new')?.status.phase, 'Pending');
  assert.equal(podOf(bed, 'host')?.status.phase, 'Running');
  bed.cluster.run(230 * S);
  assert.equal(conditions(bed)?.ready, 'True');
  assert.equal(podOf(bed, 'new')?.status.phase, 'Running');
});

test('A node whose runtime hangs and whose network is gone is Ready when both are back.', () => {
  const bed = started([]);
  bed.cluster.at(100 * S, () => bed.nodes.hangRuntime(NODE, 300 * S));
  bed.cluster.at(350 * S, () => bed.nodes.setNetwork(NODE, false));
  bed.cluster.at(450 * S, () => bed.nodes.setNetwork(NODE, true));
  const readyAt = (atNs: number) => {
    bed.cluster.run(atNs);
    return conditions(bed)?.ready;
  };
  assert.equal(readyAt(275 * S), 'True', 'PLEG is healthy for three minutes more');
  assert.equal(readyAt(300 * S), 'False');
  assert.equal(readyAt(430 * S), 'False');
  assert.equal(readyAt(465 * S), 'True');
});

test('A machine that dies after its kubelet did takes what hung with it.', () => {
  const bed = started([]);
  bed.cluster.at(100 * S, () => bed.nodes.hangRuntime(NODE, 2000 * S, true));
  bed.cluster.at(150 * S, () => bed.nodes.killKubelet(NODE));
  bed.cluster.at(160 * S, () => bed.nodes.crash(NODE));
  bed.cluster.at(170 * S, () => bed.nodes.boot(NODE));
  bed.cluster.run(145 * S);
  assert.equal(conditions(bed)?.ready, 'False');
  bed.cluster.run(300 * S);
  assert.equal(conditions(bed)?.ready, 'True');
});

test('A runtime hangs on when its kubelet is started again, and not when its machine is.', () => {
  const phaseAt = (atNs: number, restart: (bed: NodeBed) => void) => {
    const bed = started([]);
    bed.cluster.at(100 * S, () => bed.nodes.hangRuntime(NODE, 1000 * S));
    bed.cluster.at(150 * S, () => restart(bed));
    bed.bind(200 * S, boundPod(bed.cluster, 'new', NODE));
    bed.cluster.run(atNs);
    return podOf(bed, 'new')?.status.phase;
  };
  const kubelet = ({ nodes }: NodeBed) => {
    nodes.killKubelet(NODE);
    nodes.startKubelet(NODE);
  };
  const machine = ({ nodes }: NodeBed) => {
    nodes.crash(NODE);
    nodes.boot(NODE);
  };
  assert.equal(phaseAt(1090 * S, kubelet), 'Pending');
  assert.equal(phaseAt(1130 * S, kubelet), 'Running');
  assert.equal(phaseAt(230 * S, machine), 'Running');
});

test('Containers that crash 2 s after each start wait 10, 20, 40 s and so on, up to 5 min.', () => {
  const bed = started(['web', 'other']);
  const crashes: CrashLoops = { runsNs: ({ meta }) => (meta.name === 'web' ? 2 * S : null) };
  bed.cluster.at(100 * S, () => bed.nodes.addCrashes(crashes));
  const restartsAt = (atNs: number) => {
    bed.cluster.run(atNs);
    return podOf(bed, 'web')?.status.restarts;
  };
  assert.equal(restartsAt(110 * S), 1, 'the first restart is at once');
  assert.equal(podOf(bed, 'web')?.status.reason, 'CrashLoopBackOff');
  // 102 exit; 104 again: + 10; then + 20, 40, 80, 160, and the worker looks every 10 to 15 s.
  const after = restartsAt(500 * S) ?? 0;
  assert.ok(after >= 5 && after <= 7, `${after}`);
  assert.equal(podOf(bed, 'other')?.status.restarts, 0);
  bed.cluster.at(500 * S, () => bed.nodes.removeCrashes(crashes));
  const last = restartsAt(900 * S) ?? 0;
  assert.ok(last <= after + 1);
  assert.equal(podOf(bed, 'web')?.status.ready, true);
});

test('Ten minutes without a crash after the back-off, and the next crash waits 10 s again.', () => {
  const bed = started(['web']);
  const crashes: CrashLoops = { runsNs: () => 2 * S };
  const crash = (on: boolean) =>
    on ? bed.nodes.addCrashes(crashes) : bed.nodes.removeCrashes(crashes);
  bed.cluster.at(100 * S, () => crash(true));
  bed.cluster.at(300 * S, () => crash(false));
  bed.cluster.run(1200 * S);
  const before = podOf(bed, 'web')?.status.restarts ?? 0;
  bed.cluster.at(1200 * S, () => crash(true));
  // Exits at 1202 and, restarted at once, at 1204 or later: 10 s, and what the worker adds.
  bed.cluster.run(1235 * S);
  assert.ok((podOf(bed, 'web')?.status.restarts ?? 0) >= before + 2);
});

test('While the registry is gone pulls fail and back off; afterwards they succeed.', () => {
  const group = nodeGroup({ runtime: steadyRuntime() });
  const bed = nodeBed({ groups: [group] });
  bed.cluster.at(S, () => bed.nodes.setRegistry(false, 'workers'));
  bed.bind(10 * S, boundPod(bed.cluster, 'web', NODE));
  // The pull fails 700 ms after the pod came (ErrImagePull); the relist that shows the sandbox
  // brings a sync, which may find the back-off at once.
  bed.cluster.run(11 * S);
  assert.match(podOf(bed, 'web')?.status.reason ?? '', /^(ErrImagePull|ImagePullBackOff)$/);
  bed.cluster.run(100 * S);
  assert.match(podOf(bed, 'web')?.status.reason ?? '', /^(ErrImagePull|ImagePullBackOff)$/);
  // Tries at 10, and after 10, 20, 40 s and up to 15 s of the worker each; a try is two events.
  const tries = bed.calls()['create events'] + bed.calls()['patch events'];
  assert.ok(tries >= 8 && tries <= 24, `${tries} events`);
  bed.cluster.at(100 * S, () => bed.nodes.setRegistry(true, ''));
  bed.cluster.run(300 * S);
  assert.equal(podOf(bed, 'web')?.status.phase, 'Running');
});

test('A slow registry makes every pull behind it wait, until it is fast again.', () => {
  const group = nodeGroup({ runtime: steadyRuntime() });
  const bed = nodeBed({ groups: [group] });
  // 50 MB at 100 kB/s: 500 s; the pod's other steps take less than 3 s.
  bed.cluster.at(S, () => bed.nodes.setRegistryBandwidth(1e5));
  bed.bind(10 * S, boundPod(bed.cluster, 'web', NODE));
  bed.cluster.run(200 * S);
  assert.equal(podOf(bed, 'web')?.status.phase, 'Pending');
  bed.cluster.at(200 * S, () => bed.nodes.setRegistryBandwidth(null));
  bed.cluster.run(215 * S);
  assert.equal(podOf(bed, 'web')?.status.phase, 'Running');
});

test.run();
