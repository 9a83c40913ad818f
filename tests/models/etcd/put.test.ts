/** The time of a put: closed forms of the stations that it passes. */
import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { freeCpu, MS, S, US, workload } from '../../support/scenario.ts';
import { near, type Outcome, simulate } from './bed.ts';

const test = suite('etcd/put');

/** Costs that no sum can confuse. */
const costs = {
  ...freeCpu,
  'client.sendNs': 11 * US,
  'client.receiveNs': 13 * US,
  'etcd.grpcRequestNs': 101 * US,
  'etcd.grpcResponseNs': 103 * US,
  'etcd.loopNs': 1011 * US,
  'etcd.loopEntryNs': 53 * US,
  'etcd.messageNs': 307 * US,
  'etcd.applyNs': 503 * US,
};
/**
 * One client that thinks, so that nothing of the put before is under way; heartbeats are far apart
 * and commits of the backend cost nothing. 3.5: the release whose CPU factor is 1.
 */
const calm = {
  version: '3.5',
  fsync: 7,
  backendFsync: 0,
  peerRtt: 3,
  clientRtt: 1,
  horizon: 6000,
  warmup: 900,
  constants: costs,
  etcd: { heartbeatIntervalNs: 20 * S, electionTimeoutNs: 200 * S },
} as const;
const oneClient = workload({ clients: 1, thinkTime: { kind: 'constant', value: 87 * MS } });
/** Client, half its round trip, gRPC; and the way back. */
const IN = 11 + 500 + 101;
const BACK = 103 + 500 + 13;
/** A turn of the loop with one entry and without, and what it does after a sync. */
const TURN = 1011 + 53;
const EMPTY_TURN = 1011;
const END = 1011 / 3;
/** Reading a message with one entry, and without. */
const READ = 307 + 53;
const READ_EMPTY = 307;
const APPLY = 503;
/** From the leader's MsgApp to the acknowledgement of a follower with a sync of `F` us. */
const follower = (F: number): number => 3000 + READ + TURN + F + END + READ_EMPTY;

/** All answered puts took exactly this many microseconds. */
function allTook(o: Outcome, us: number): void {
  const data = o.tally('wavetank_client_request_duration_seconds');
  assert.ok(data.total > 20);
  assert.equal(`${data.min / US} to ${data.max / US}`, `${us} to ${us}`);
}

// The leader sends at the end of its turn, then syncs; the follower reads, turns, syncs and only
// then acknowledges: R = in + turn + max(F, RTT' + turn + F) + turn + apply + back.
test('An idle put waits for one sync of a follower, a round trip and the turns between.', () => {
  const o = simulate({ ...calm, workload: [oneClient] });
  allTook(o, IN + TURN + Math.max(7000 + END, follower(7000)) + EMPTY_TURN + APPLY + BACK);
});

// 3.6 counts its own log after the sync, so the entry leaves with one more turn; its CPU factor is
// 0.9.
test('A single member answers right after its sync in 3.5, a turn later in 3.6.', () => {
  const one = { ...calm, members: 1, workload: [oneClient] };
  allTook(simulate(one), IN + TURN + 7000 + END + APPLY + BACK);
  const cpu = 0.9 * (101 + TURN + END + EMPTY_TURN + APPLY + 103);
  allTook(simulate({ ...one, version: '3.6' }), 11 + 500 + cpu + 7000 + 500 + 13);
});

test('A slow follower costs the clients of the leader nothing.', () => {
  const o = simulate({ ...calm, fsyncOf: { 'etcd/2': 60 }, workload: [oneClient] });
  allTook(o, IN + TURN + follower(7000) + EMPTY_TURN + APPLY + BACK);
});

// Committed entries leave with the next Ready, and that one begins after the leader's own sync: two
// fast followers cannot bypass it, whether the leader counts itself at append or after its sync.
test('A slow leader gates every put, however fast its followers are.', () => {
  const o = simulate({ ...calm, fsyncOf: { 'etcd/0': 40 }, workload: [oneClient] });
  allTook(o, IN + TURN + 40_000 + END + EMPTY_TURN + APPLY + BACK);
});

// A forward hop with its own turn before, a hop of the commit index with a turn behind.
test('A put through a follower adds two hops and two turns without sync.', () => {
  const o = simulate({ ...calm, workload: [{ ...oneClient, target: 'etcd/1' }] });
  const forward = EMPTY_TURN + 1500 + READ;
  const commitIndex = EMPTY_TURN + 1500 + READ_EMPTY;
  const quorum = TURN + follower(7000);
  allTook(o, IN + forward + quorum + commitIndex + EMPTY_TURN + APPLY + BACK);
});

// A cycle of the leader's loop is F. A put waits F/2 for the next Ready, F for its sync; a follower
// that takes the batch whole is F/2 behind on average, and the commit waits F/2 for a Ready: 2.5 F.
// A follower that was idle takes the batch's first message alone and the others a sync later: up to
// F more. None of this depends on the rate: 1/(1 - rho) of syncs at this load does not exist.
test('Latency rises to 2.5 to 3.5 syncs and stays flat while the rate grows twentyfold.', () => {
  const F = 10;
  const means = [500, 1000, 2000, 5000, 10_000].map((ratePerSecond) => {
    const o = simulate({
      fsync: { kind: 'uniform', min: 0.8 * F * MS, max: 1.2 * F * MS },
      backendFsync: 0,
      peerRtt: 0.5,
      constants: freeCpu,
      workload: [workload({ ratePerSecond })],
      horizon: 5000,
      warmup: 1500,
    });
    near(o.throughput(), ratePerSecond, 0.05);
    return o.latency().mean;
  });
  for (const mean of means) assert.ok(mean > 2.3 * F && mean < 3.7 * F, `means ${means}`);
  near(means[4], means[2], 0.05);
});

// One entry each 1/rate; while a sync of 10 ms runs, 20 of 2000/s gather.
test('A batch is what arrived during one cycle, without limit.', () => {
  const o = simulate({
    fsync: 10,
    backendFsync: 0,
    constants: freeCpu,
    workload: [workload({ ratePerSecond: 2000 })],
    horizon: 5000,
    warmup: 1500,
  });
  const batches = o.tally('wavetank_etcd_wal_batch_entries', { member: 'etcd/0' });
  const entries = batches.sumHigh * 2 ** 32 + batches.sumLow;
  near(entries / batches.total, 20, 0.02);
  near(batches.total, 3.5 / 0.01, 0.02);
});

// a = 0.2 ms: 500 entries in the 100 ms between two commits; then the commit stops the worker for
// two syncs of the backend's disk, D = 20 ms. X <= (100 / a) / (100 + D) = 500 puts each 120 ms.
test('The apply worker and the commits of the backend bound the throughput.', () => {
  const o = simulate({
    version: '3.5',
    fsync: 0.1,
    backendFsync: 10,
    constants: { ...freeCpu, 'etcd.applyNs': 200 * US },
    workload: [workload({ clients: 300 })],
    horizon: 8000,
    warmup: 2000,
  });
  near(o.throughput(), 500 / 0.12, 0.01);
  // Little: 300 clients in a closed loop.
  near(o.latency().mean, 300 / (500 / 120), 0.02);
});

const busy = {
  fsync: { kind: 'lognormal', mean: 2 * MS, p99: 6 * MS } as const,
  backendFsync: 3,
  clientRtt: 0.5,
  cores: 4,
  workload: [workload({ ratePerSecond: 900 })],
  horizon: 21_000,
  warmup: 1000,
};

test('Utilization of a disk is the rate of its syncs times their length.', () => {
  const o = simulate({ ...busy, disk: { queueDepth: 1 } });
  const disk = o.result.metrics.resources.find((r) => r.name === 'etcd/0/disk/disk');
  assert.ok(disk !== undefined, o.result.metrics.resources.map((r) => r.name).join());
  const syncs = o.tally('etcd_disk_wal_fsync_duration_seconds', { member: 'etcd/0' });
  const seconds = (syncs.sumHigh * 2 ** 32 + syncs.sumLow) / S;
  assert.ok(disk.utilization > 0.5 && disk.utilization < 1);
  near(disk.utilization, seconds / 20, 0.001);
  near(disk.arrivals, syncs.total, 0.001);
});

test('Requests in flight are their rate times their latency.', () => {
  const o = simulate(busy);
  const level = o.result.metrics.levels.find(
    (l) => l.name === 'wavetank_client_requests_in_flight',
  );
  assert.ok(level !== undefined);
  const inFlight = level.perSegment.reduce((sum, s) => sum + s.integral, 0) / (20 * S);
  near(inFlight, o.throughput() * (o.latency().mean / 1000), 0.005);
});

test('The stages of a put add up to its latency.', () => {
  const o = simulate(busy);
  const stages = o.result.metrics.tallies.filter(
    (t) => t.name === 'wavetank_request_stage_duration_seconds' && t.labels.op === 'put',
  );
  const total = stages.reduce(
    (sum, t) => sum + t.perSegment.reduce((n, h) => n + h.sumHigh * 2 ** 32 + h.sumLow, 0),
    0,
  );
  near(total / MS, o.latency().mean * o.latency().count, 1e-9);
});

test.run();
