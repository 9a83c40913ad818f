import assert from 'node:assert/strict';
import { suite } from 'uvu';
import { electorTimeoutNs, type LeaderElector } from '../../../models/client-go/index.ts';
import type { Lease } from '../../../models/objects/index.ts';
import { type FakeCluster, fakeCluster } from '../../support/fake-cluster.ts';
import { status } from '../../support/fake-store.ts';

const test = suite('leader election');
const S = 1e9;

const ELECTION = {
  enabled: true,
  leaseDurationNs: 15 * S,
  renewDeadlineNs: 10 * S,
  retryPeriodNs: 2 * S,
  releaseOnExit: false,
};

interface Candidate {
  readonly elector: LeaderElector;
  readonly name: string;
  crash(): void;
  /** It ends, and is not started again. */
  remove(): void;
}

/** Candidates on hosts of their own; the first leads from the start. */
function candidates(c: FakeCluster, n: number, election = ELECTION) {
  const log: string[] = [];
  const all: Candidate[] = [];
  const hosts = [...c.hosts.keys()];
  for (let i = 0; i < n; i++) {
    const process = c.process(`kcm/${i}`, hosts[i]);
    const options = c.clientOptions(`kcm/${i}`, {
      networkHost: hosts[i],
      timeoutNs: electorTimeoutNs(election),
    });
    const client = c.library.client(options, process);
    const say = (what: string) => log.push(`${(c.sim.nowNs / S).toFixed(1)} kcm/${i} ${what}`);
    const elector = c.library.elector({
      process,
      client,
      election,
      lease: 'kube-controller-manager',
      onStartedLeading: () => say('leads'),
      onStoppedLeading: () => say('stops'),
    });
    process.onStart(() => elector.start(false));
    all.push({
      elector,
      name: process.name,
      crash: () => process.crash(),
      remove: () => process.stop(),
    });
    if (i === 0) c.store.preload([elector.initialLease()]);
  }
  for (const { elector } of all) elector.start(true);
  return { log, all };
}

function lease(c: FakeCluster): Lease {
  return c.store.get<Lease>('leases', 'kube-system/kube-controller-manager')!;
}

const HOSTS = ['cp-0', 'cp-1', 'cp-2', 'cp-3', 'cp-4'];

test('a leader writes every 2 s, a standby reads every 2 to 4.4 s', () => {
  const c = fakeCluster({ hosts: HOSTS });
  const { log } = candidates(c, 2);
  c.run(1000 * S);
  assert.deepEqual(log, ['0.0 kcm/0 leads']);
  const verbs = (verb: string) => c.endpoint.calls.filter((call) => call.verb === verb).length;
  // Each period is 2 s and a round trip of 1 ms.
  assert.ok(Math.abs(verbs('update') - 1000 / 2.001) < 3, `${verbs('update')}`);
  // Periods of 2 + U(0, 2.4) s: mean 3.2, standard deviation 2.4 / sqrt(12); 312 of them.
  const spread = (Math.sqrt(312) * (2.4 / Math.sqrt(12))) / 3.2;
  assert.ok(Math.abs(verbs('get') - 312) < 4 * spread, `${verbs('get')}`);
});

test('after a crash a standby takes the lock as late as the published arithmetic says', () => {
  // Monte Carlo of the algorithm: mean 17.4 s from the crash with one standby, 15.9 s with four.
  const takeovers = (standbys: number, o: Partial<typeof ELECTION> = {}) => {
    const times: number[] = [];
    for (let run = 0; run < 60; run++) {
      const c = fakeCluster({ hosts: HOSTS, seed: `run ${run}` });
      const { all, log } = candidates(c, standbys + 1, { ...ELECTION, ...o });
      const crashNs = 60 * S + Math.round((run / 60) * 2 * S);
      c.at(crashNs, () => {
        if (o.releaseOnExit === true) all[0].elector.release(() => all[0].remove());
        else all[0].remove();
      });
      while (log.length < 2) c.sim.advance(1);
      assert.ok(!log[1].includes('kcm/0'));
      times.push((c.sim.nowNs - crashNs) / S);
    }
    return times.reduce((a, b) => a + b, 0) / times.length;
  };
  const one = takeovers(1);
  // Standard deviation of one about 1.4 s, of the mean of 60 about 0.18 s.
  assert.ok(Math.abs(one - 17.4) < 4 * 0.18, `${one}`);
  const four = takeovers(4);
  assert.ok(Math.abs(four - 15.9) < 4 * 0.15, `${four}`);
  const released = takeovers(1, { releaseOnExit: true });
  assert.ok(Math.abs(released - 1.7) < 0.6, `${released}`);
});

test('a leader that cannot write for 10 s stops, exits, and comes back as a candidate', () => {
  const c = fakeCluster({ hosts: HOSTS });
  const { log } = candidates(c, 1);
  c.at(60 * S, () => {
    c.endpoint.intercept = (r) => (r.call.verb === 'update' ? status(500, 'InternalError') : null);
  });
  c.at(75 * S, () => {
    c.endpoint.intercept = () => null;
  });
  c.run(120 * S);
  assert.equal(log.length, 3);
  assert.match(log[1], /^(70|71|72)\.\d kcm\/0 stops$/);
  // A new process has a new identity: it waits until the lease has not changed for 15 s.
  assert.match(log[2], /^(8[7-9]|9[0-4])\.\d kcm\/0 leads$/);
});

test('calls of 5 s that hang are given up, and two fit into a deadline', () => {
  const c = fakeCluster({ hosts: HOSTS });
  const { log } = candidates(c, 1);
  let hanging = 0;
  c.at(59 * S, () => {
    c.endpoint.intercept = () => {
      hanging++;
      return 'never';
    };
  });
  c.run(75 * S);
  assert.match(log[1], /^(69|70|71)\.\d kcm\/0 stops$/);
  assert.ok(hanging >= 2 && hanging <= 4, `${hanging}`);
});

test('clocks that are apart by hours change nothing, for nobody compares them', () => {
  const c = fakeCluster({
    hosts: HOSTS,
    clocks: { 'cp-1': { shape: 'linear', offsetNs: 3600 * S }, 'cp-2': { offsetNs: -3600 * S } },
  });
  const { log } = candidates(c, 3);
  c.run(1000 * S);
  assert.deepEqual(log, ['0.0 kcm/0 leads']);
});

test('a standby whose clock runs twice as fast as the leader’s takes a lock that is held', () => {
  // Writes every 4 s of true time by the slow clock... a fast observer allows 7.5 s: no takeover.
  // With a leader held up to its deadline by a slow API, the fast one is too early.
  const c = fakeCluster({
    hosts: HOSTS,
    clocks: { 'cp-1': { shape: 'linear', driftPpm: 1_000_000 } },
  });
  const { log } = candidates(c, 2);
  let held = false;
  c.endpoint.intercept = (r) => {
    const isLeader = r.user === c.endpoint.requests[0].user && r.call.verb === 'update';
    return held &&
      isLeader &&
      r.call.object !== undefined &&
      (r.call.object as Lease).holder.startsWith('kcm/0_')
      ? status(500, 'InternalError')
      : null;
  };
  c.at(60 * S, () => {
    held = true;
  });
  c.at(69.5 * S, () => {
    held = false;
  });
  c.run(100 * S);
  const taken = log.find((line) => line.includes('kcm/1 leads'));
  assert.ok(taken !== undefined, 'it was taken while the old leader was within its deadline');
  const stopped = log.findIndex((line) => line.includes('kcm/0 stops'));
  assert.ok(stopped > log.indexOf(taken), 'both led for a time');
});

test('a leader that stood still resumes next to the new one until its deadline', () => {
  const c = fakeCluster({ hosts: HOSTS });
  const { log } = candidates(c, 2);
  const host = c.hosts.get('cp-0')!;
  c.at(60.5 * S, () => host.pause());
  c.at(90 * S, () => host.resume());
  c.run(130 * S);
  const at = (text: string) => Number.parseFloat(log.find((line) => line.endsWith(text)) ?? 'NaN');
  const taken = at('kcm/1 leads');
  assert.ok(taken > 75 && taken < 81, `${log}`);
  const stops = at('kcm/0 stops');
  assert.ok(stops >= 90 && stops < 103, `${log}`);
  const lock = { name: 'kube-controller-manager' };
  const leaders = c.metrics.level('wavetank_leader_election_leaders', lock);
  assert.equal(leaders.value, 1);
  const lost = (component: string) =>
    c.metrics.counter('wavetank_leader_election_lost_total', { ...lock, component }).value;
  assert.deepEqual([lost('kcm/0'), lost('kcm/1')], [1, 0]);
  assert.equal(lease(c).holder, 'kcm/1_0');
  assert.equal(lease(c).transitions, 1);
});

test('of candidates that begin together exactly one leads', () => {
  for (let run = 0; run < 20; run++) {
    const c = fakeCluster({ hosts: HOSTS, seed: `${run}` });
    const leaders: string[] = [];
    for (let i = 0; i < 5; i++) {
      const process = c.process(`kcm/${i}`, HOSTS[i]);
      const options = c.clientOptions(`kcm/${i}`, { networkHost: HOSTS[i], timeoutNs: 5 * S });
      const elector = c.library.elector({
        process,
        client: c.library.client(options, process),
        election: ELECTION,
        lease: 'kube-controller-manager',
        onStartedLeading: () => leaders.push(process.name),
      });
      elector.start(false);
    }
    c.run(100 * S);
    assert.deepEqual(
      leaders.map((name) => `${name}_0`),
      [lease(c).holder],
    );
  }
});

test('without an election everyone leads', () => {
  const c = fakeCluster({ hosts: HOSTS });
  const { log } = candidates(c, 2, { ...ELECTION, enabled: false });
  assert.deepEqual(log, ['0.0 kcm/0 leads', '0.0 kcm/1 leads']);
});

test.run();
