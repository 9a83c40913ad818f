/** Leases: how long they live, who keeps them alive, what their end does. */
import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import type { WorkloadScenario } from '../../../src/scenario/types.ts';
import { type ClusterOptions, fault, freeCpu, MS, S, workload } from '../../support/scenario.ts';
import { open, simulate } from './bed.ts';

const test = suite('etcd/leases');

/** Nothing but syncs of 1 ms, round trips of 1 ms and rules; a revoke does not force a commit. */
const calm = {
  version: '3.5.11',
  backendFsync: 0,
  constants: { ...freeCpu, 'etcd.leaseRenewNs': 0 },
} as const;
/** A proposal of an idle leader: half a round trip, a follower's sync, half a round trip. */
const PUT = 2;
const TTL = 8;

/** One grant at that moment (ms); its lease is nobody's to renew. */
function grantAt(at: number, changes: Partial<WorkloadScenario> = {}): WorkloadScenario {
  return workload({
    name: `grant at ${at}`,
    op: 'lease-grant',
    clients: 1,
    leaseTtlNs: TTL * S,
    startNs: at * MS,
    stopNs: at * MS + 1,
    ...changes,
  });
}

/** The moment at which the first lease ended. */
function endOf(options: ClusterOptions, at = 0): number {
  const times = simulate({ horizon: 40_000, ...calm, ...options }).times('lease expired');
  assert.ok(times.length > at, 'no lease expired');
  return times[at];
}

/** The scan that finds a lease is less than 500 ms late; then its revoke has to be applied. */
function assertEnd(end: number, deadline: number): void {
  const late = end - deadline;
  assert.ok(late > 0 && late <= 500 + PUT, `ended ${late} ms after its deadline`);
}

// Applied 2 ms after it was asked for; the deadlines are 9002 and 9236 ms, and the scans that find
// them a whole number of 500 ms apart.
test('A lease ends with the first scan after its TTL, and the revoke that follows.', () => {
  const first = endOf({ workload: [grantAt(1000)] });
  assertEnd(first, 1000 + PUT + TTL * 1000);
  const second = endOf({ workload: [grantAt(1234)] });
  assertEnd(second, 1234 + PUT + TTL * 1000);
  assert.equal((second - first) % 500, 0);
});

// 3/2 x 10 ticks of 100 ms are 1.5 s, rounded up to 2 s.
test('A TTL below one and a half election timeouts is raised to it, in whole seconds.', () => {
  assertEnd(endOf({ workload: [grantAt(1000, { leaseTtlNs: S })] }), 1000 + PUT + 2000);
});

for (const [version, delay] of [
  ['3.4', 5000],
  ['3.5', 0],
] as const) {
  test(`A step of the leader's wall clock by -5 s delays an end in ${version} by ${delay} ms.`, () => {
    const step = fault(2000, { kind: 'clockStep', target: 'etcd/leader', byNs: -5 * S });
    const end = endOf({ version, workload: [grantAt(1000)], faults: [step] });
    assertEnd(end, 1000 + PUT + TTL * 1000 + delay);
  });
}

// The queue holds 9002 + x on the wall clock; stepped forward by 5 s it hands the lease out after
// 4002 ms, where it has not expired, and puts it back for ReqTimeout = 5 s + 2 x 1 s.
test('A step forward ends no lease early: it is looked at again after a request timeout.', () => {
  const step = fault(2000, { kind: 'clockStep', target: 'etcd/leader', byNs: 5 * S });
  const end = endOf({ version: '3.4', workload: [grantAt(1000)], faults: [step] });
  assertEnd(end, 4002 + 7000);
});

// A clock that is 10 % fast counts 8 s in 8 / 1.1 s.
test('A lease is as long as the clock of the leader makes it.', () => {
  const drift = fault(500, { kind: 'clockDrift', target: 'etcd/leader', ppm: 100_000 });
  const end = endOf({ workload: [grantAt(1000)], faults: [drift] });
  assertEnd(end, 1000 + PUT + (TTL * 1000) / 1.1);
});

// The leader is killed 7 s after the grant. The next one applies the first entry of its term and
// gives the lease 8 s and an election timeout of 1 s.
test('A new leader gives every lease its full TTL and an election timeout.', () => {
  const bed = open({ ...calm, horizon: 40_000, workload: [grantAt(1000)] });
  bed.to(8000);
  bed.etcd.kill(bed.leader().index, false);
  bed.until(() => bed.etcd.members.some((m) => m.isUp && m.lessor.primary), 'promoted');
  const promoted = bed.now();
  assert.ok(promoted > 8900 && promoted < 10_200);
  assertEnd(bed.end().times('lease expired')[0], promoted + TTL * 1000 + 1000);
});

// Twelve leases to be a second apart would be no news; 3000 at one moment are, so that the k-th of
// them beyond 750 gets k / 750 s more (lessor.go `Promote`).
test('A new leader spreads a thousand leases and more by 750 a second.', () => {
  const many = grantAt(1000, { clients: 3000 });
  const bed = open({ ...calm, horizon: 40_000, workload: [many] });
  bed.to(3000);
  bed.etcd.kill(bed.leader().index, false);
  bed.until(() => bed.etcd.members.some((m) => m.isUp && m.lessor.primary), 'promoted');
  const promotedNs = bed.now() * MS;
  const leader = bed.etcd.members.find((m) => m.lessor.primary)!;
  const { leases } = bed.etcd.shared;
  assert.equal(leases.live, 3000);
  const deadlines = Array.from({ length: 3000 }, (_, i) =>
    leader.lessor.deadlineNs(leases.leaseIn(i + 1)),
  ).sort((a, b) => a - b);
  deadlines.forEach((deadlineNs, i) => {
    const k = i + 1;
    const delayNs = k <= 750 ? 0 : Math.floor((1e9 * k) / 750);
    assert.equal(deadlineNs - promotedNs, TTL * S + S + delayNs);
  });
});

// Revokes of one list are taken 16 at a time, each a round trip and a sync; the others wait.
test('No more than 16 revokes of one scan are under way.', () => {
  const bed = open({ ...calm, horizon: 12_000, workload: [grantAt(1000, { clients: 100 })] });
  let most = 0;
  bed.until(() => {
    most = Math.max(most, bed.leader().lessor.pendingRevokes);
    return bed.etcd.shared.leases.live === 0 && bed.now() > 2000;
  }, 'all revoked');
  assert.equal(most, 16);
  const ends = bed.end().times('lease expired');
  assert.equal(ends.length, 100);
  // 6 x 16 + 4: the last begin when the sixth round of 2 ms is over.
  assert.ok(ends[99] - ends[0] >= 6 * PUT);
});

// 1200 leases end at one moment: 500, 500 and 200 in scans 500 ms apart.
test('One scan takes no more than 500 leases.', () => {
  const o = simulate({ ...calm, horizon: 14_000, workload: [grantAt(1000, { clients: 1200 })] });
  const ends = o.times('lease expired');
  assert.equal(ends.length, 1200);
  const inScan = [0, 500, 1000].map((ms) => {
    return ends.filter((end) => end >= ends[0] + ms && end < ends[0] + ms + 500).length;
  });
  assert.deepEqual(inScan, [500, 500, 200]);
  assert.equal(o.counter('etcd_debugging_server_lease_expired_total'), 1200);
  assert.equal(o.counter('etcd_debugging_lease_granted_total'), 3 * 1200);
  assert.equal(o.counter('etcd_debugging_lease_revoked_total'), 3 * 1200);
});

const agents = workload({
  name: 'agents',
  op: 'lease-keepalive',
  clients: 5,
  leaseTtlNs: 3 * S,
  thinkTime: { kind: 'constant', value: S },
});

// Each client renews every second from its grant at 1002 ms on; the grants are not counted.
test('Keep-alives keep leases alive, and without them they end.', () => {
  const o = simulate({ ...calm, horizon: 20_000, workload: [{ ...agents, stopNs: 11 * S }] });
  assert.deepEqual(o.outcomes('agents'), { ok: 50 });
  assert.equal(o.counter('etcd_debugging_lease_renewed_total'), 50);
  const ends = o.times('lease expired');
  assert.equal(ends.length, 5);
  assert.equal(o.latency('agents').p(1), 0);
  for (const end of ends) assertEnd(end, 10_002 + 3000);
});

// The leader is asked over HTTP: there and back.
test('A follower forwards a keep-alive to the leader, which costs a round trip.', () => {
  const o = simulate({ ...calm, peerRtt: 3, workload: [{ ...agents, target: 'follower' }] });
  const latency = o.latency('agents');
  assert.ok(latency.count >= 40);
  assert.equal(latency.p(0), 3);
  assert.equal(latency.p(1), 3);
});

// The connection of a follower's client holds while the leader is killed at 5000 ms. The request of
// the moment and those that follow wait for the next leader; no lease is lost.
test('A keep-alive waits for a leader, and is answered by the next one.', () => {
  const bed = open({ ...calm, horizon: 15_000, workload: [{ ...agents, target: 'etcd/1' }] });
  bed.at(5000, () => bed.etcd.kill(0, false));
  const o = bed.end();
  assert.deepEqual(Object.keys(o.outcomes('agents')), ['ok']);
  assert.equal(o.times('lease expired').length, 0);
  const longest = o.latency('agents').p(1);
  assert.ok(longest > 400 && longest < 4000, `${longest} ms`);
});

// The leader's disk stalls from 5 s to 15 s. It hears of the next leader's term and yet believes
// itself the lessor, because that changes in its raft loop, which is stuck; the leases, renewed
// elsewhere, end at its own clock and their revokes go to the new leader (etcd#15247).
for (const [version, lost] of [
  ['3.5.12', true],
  ['3.5.13', false],
] as const) {
  test(`${version}: a leader stuck in a sync ${lost ? 'revokes what others renew' : 'looks first whether it leads'}.`, () => {
    const stall = fault(5000, { kind: 'stallDisk', target: 'etcd/0' }, 10_000);
    const renewing = { ...agents, target: 'etcd/1', leaseTtlNs: 5 * S };
    // Without a write there would be nothing to sync.
    const writing = workload({ ratePerSecond: 20, stopNs: 5500 * MS, deadlineNs: S });
    const o = simulate({
      ...calm,
      version,
      horizon: 30_000,
      workload: [renewing, writing],
      faults: [stall],
    });
    assert.equal(o.times('lease expired').length > 0, lost);
    assert.equal('notFound' in o.outcomes('agents'), lost);
  });
}

// 3.4.38, 3.5.12 and 3.6 commit at once when a lease ends: two syncs of 1 ms, in which nothing else
// is applied; before, the commit is that of the next 100 ms.
test('Newer releases commit the backend at every revoke.', () => {
  const commits = (version: string): number => {
    const o = simulate({
      ...calm,
      version,
      workload: [grantAt(1000, { clients: 32, leaseTtlNs: 2 * S })],
    });
    assert.equal(o.times('lease expired').length, 32);
    return o.counter('wavetank_etcd_backend_commits_total', { member: 'etcd/0' });
  };
  // One commit for the grants, one for the revokes, or one for each revoke.
  assert.equal(commits('3.5.11'), 1 + 1);
  assert.equal(commits('3.5.12'), 1 + 32);
});

// Puts attach to the leases of three agents that stop renewing: their keys go with them.
test('The end of a lease deletes the keys that hang on it, in one revision.', () => {
  const puts = workload({
    clients: 1,
    keySpace: 30,
    thinkTime: { kind: 'constant', value: 10 * MS },
    lease: 'agents',
    startNs: 2 * S,
    stopNs: 5 * S,
  });
  const renewing = { ...agents, clients: 1, stopNs: 5 * S };
  const bed = open({ ...calm, horizon: 20_000, workload: [renewing, puts] });
  const { keys, leases } = bed.etcd.shared;
  bed.to(6000);
  assert.equal(keys.liveKeys, 30);
  assert.equal(leases.keyCount(leases.leaseIn(1)), 30);
  const { revision } = keys;
  bed.to(12_000);
  assert.equal(keys.liveKeys, 0);
  assert.equal(keys.revision, revision + 1);
});

// A put with a lease that is gone is refused.
test('A put that names a lease that ended finds no lease.', () => {
  const once = grantAt(1000, { name: 'agents', leaseTtlNs: 2 * S });
  const late = workload({ clients: 1, lease: 'agents', startNs: 6 * S, stopNs: 6 * S + 1 });
  const o = simulate({ ...calm, workload: [once, late] });
  assert.deepEqual(o.outcomes('puts'), { notFound: 1 });
});

test('A client revokes the lease that it granted, and grants the next one.', () => {
  const o = simulate({
    ...calm,
    workload: [workload({ name: 'revokes', op: 'lease-revoke', clients: 1, stopNs: 2 * S })],
  });
  // Each takes a grant and a revoke of 2 ms; a scan of 1 s sees no more.
  assert.deepEqual(o.outcomes('revokes'), { ok: 250 });
  assert.equal(o.latency('revokes').p(1), PUT);
  assert.equal(o.counter('etcd_debugging_lease_revoked_total'), 3 * 250);
});

test('The same seed gives the same events.', () => {
  const options = {
    version: '3.6',
    horizon: 12_000,
    workload: [agents, grantAt(1000, { clients: 50, leaseTtlNs: 3 * S })],
    faults: [fault(4000, { kind: 'restart', target: 'etcd/leader', graceful: false })],
  };
  assert.equal(simulate(options).result.digest, simulate(options).result.digest);
});

test.run();
