import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { loadSettings, median } from '../../src/validation/compare.ts';
import { eventGroups } from '../../src/validation/events.ts';
import { cannotSimulate, loadScenario, settingKey } from '../../src/validation/load.ts';
import { parseRows, type Row } from '../../src/validation/rows.ts';
import { defaultSetup, realRttMs } from '../../src/validation/scenario.ts';

const test = suite('validation: rows to scenarios');

function row(fields: Record<string, string>): Row {
  return {
    experiment: 'b',
    members: '3',
    fsync_ms_leader: '10',
    fsync_ms_followers: '',
    rtt_ms: '5',
    value_bytes: '256',
    concurrency: '16',
    arrival_rate: '',
    op: 'put',
    ...fields,
  };
}

const scenarioOf = (fields: Record<string, string>) =>
  loadScenario(row(fields), defaultSetup, {}, 'seed');

test('an empty cell of the followers means the sync of the leader', () => {
  const { hosts } = scenarioOf({});
  const syncs = hosts[0].disks.filter((d) => d.name.startsWith('wal')).map((d) => d.fsync);
  assert.deepEqual(syncs[1], syncs[0]);
  assert.deepEqual(syncs[2], syncs[0]);
});

test("'10/0' gives one follower the slow disk and the other the fast one", () => {
  const { hosts } = scenarioOf({ fsync_ms_leader: '0', fsync_ms_followers: '10/0' });
  const by = (name: string) => {
    const fsync = hosts[0].disks.find((d) => d.name === name)?.fsync;
    return fsync?.kind === 'shifted' ? fsync.by : -1;
  };
  assert.deepEqual([by('wal0'), by('wal1'), by('wal2')], [0, 10_000_000, 0]);
});

test('a slow follower in the name does not send the puts through a follower', () => {
  const { workload } = scenarioOf({
    experiment: 'asym_slow_follower',
    notes: 'only one follower disk is slow',
  });
  assert.equal(workload[0].target, 'leader');
});

test('puts through a follower go to a member that does not lead', () => {
  assert.equal(scenarioOf({ experiment: 'put_follower' }).workload[0].target, 'etcd/1');
});

test('a far leader has the long round trip to every follower, the followers a short one', () => {
  const { network } = scenarioOf({ experiment: 'asym_far_leader', rtt_ms: '20/1' });
  const rtt = (a: string, b: string) => {
    const pair = network.pairs.find((p) => p.between[0] === a && p.between[1] === b);
    return pair?.rtt.kind === 'constant' ? pair.rtt.value / 1e6 : Number.NaN;
  };
  assert.equal(rtt('etcd/0', 'etcd/1'), realRttMs(20));
  assert.equal(rtt('etcd/0', 'etcd/2'), realRttMs(20));
  assert.equal(rtt('etcd/1', 'etcd/2'), realRttMs(1));
});

test('only WAL syncs or only bbolt syncs can be slow', () => {
  const wal = scenarioOf({ experiment: 'a_dbfast', members: '1' }).hosts[0].disks;
  const backend = scenarioOf({
    experiment: 'a_dbslow',
    members: '1',
    notes: 'only bbolt syncs delayed',
  }).hosts[0].disks;
  const by = (disks: typeof wal, name: string) => {
    const fsync = disks.find((d) => d.name === name)?.fsync;
    return fsync?.kind === 'shifted' ? fsync.by : -1;
  };
  assert.deepEqual([by(wal, 'wal0'), by(wal, 'backend0')], [10_000_000, 0]);
  assert.deepEqual([by(backend, 'wal0'), by(backend, 'backend0')], [0, 10_000_000]);
});

test('a serialised disk is one device for both files, one sync at a time', () => {
  const { etcd, hosts } = scenarioOf({ experiment: 'serial_disk', members: '1' });
  assert.equal(etcd.members[0].walDisk, etcd.members[0].backendDisk);
  assert.equal(hosts[0].disks.find((d) => d.name === etcd.members[0].walDisk)?.queueDepth, 1);
});

test('exponential and heavy-tailed disks keep the mean that the column gives', () => {
  const shape = (experiment: string) => {
    const fsync = scenarioOf({ experiment }).hosts[0].disks[0].fsync;
    return fsync.kind === 'shifted' ? fsync.of : fsync;
  };
  assert.deepEqual(shape('exp_disk'), { kind: 'exponential', mean: 10_000_000 });
  // Pareto with shape a has mean scale a / (a - 1): 10 ms with a = 1.5 is scale 3.33 ms.
  assert.deepEqual(shape('heavy_tail'), {
    kind: 'pareto',
    scale: 3_333_333,
    shape: 1.5,
    max: 1_000_000_000,
  });
});

test('half puts and half gets share the arrival rate', () => {
  const { workload } = scenarioOf({ op: 'mix50', arrival_rate: '700', concurrency: '' });
  assert.deepEqual(
    workload.map((w) => [w.op, w.ratePerSecond, w.clients]),
    [
      ['put', 350, 0],
      ['range', 350, 0],
    ],
  );
});

test('rows that cannot be simulated are listed with their line and reason', () => {
  const rows = [row({}), row({ op: 'dance' }), row({ members: '9' }), row({ group: 'strace0' })];
  const { settings, problems } = loadSettings('file', rows);
  assert.equal(settings.length, 1);
  assert.deepEqual(
    problems.map((p) => p.line),
    [3, 4, 5],
  );
  assert.match(problems[0].reason, /op 'dance' is unknown/);
  assert.equal(
    cannotSimulate(row({ concurrency: '' })),
    'neither concurrency nor arrival_rate is given',
  );
});

test('repetitions of a setting share a key, other settings do not', () => {
  assert.equal(settingKey(row({ rep: '1' })), settingKey(row({ rep: '2' })));
  assert.notEqual(settingKey(row({ rtt_ms: '1' })), settingKey(row({ rtt_ms: '20' })));
});

test('events of one setting are one group; pauses are grouped by their rounded length', () => {
  const text =
    'experiment,members,heartbeat_ms,election_ms,fsync_ms,rtt_ms,rep,action,param,outage_ms,unit\n' +
    'e_pause,3,100,1000,0,1,1,SIGSTOP leader,300.9,305,\ne_pause,3,100,1000,0,1,2,SIGSTOP leader,301.2,306,\n' +
    'e_pause,3,100,1000,0,1,2,SIGSTOP leader,3002,1400,\nx_new,3,100,1000,0,1,2,sing,1,1,\n';
  const { groups, problems } = eventGroups('elections', parseRows(text));
  assert.deepEqual(
    groups.map((g) => g.rows.length),
    [2, 1],
  );
  assert.equal(problems[0].line, 5);
});

test('the median of an even number of values lies between the middle two', () => {
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.equal(median([3, 1, 2]), 2);
});

test.run();
