/** A full store: who is refused, who passes, and how an operator gets out of it. */
import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import type { WorkloadScenario } from '../../../src/scenario/types.ts';
import { fault, MS, S, workload } from '../../support/scenario.ts';
import { type Bed, open } from './bed.ts';

const test = suite('etcd/quota');

const QUOTA = 16 * 2 ** 20;
const slow = { ratePerSecond: 20, arrivals: 'constant', startNs: 3 * S } as const;
const kinds: readonly WorkloadScenario[] = [
  workload({ ...slow, name: 'put', op: 'put' }),
  workload({ ...slow, name: 'txn', op: 'txn' }),
  workload({ ...slow, name: 'lease-grant', op: 'lease-grant' }),
  workload({ ...slow, name: 'delete', op: 'delete' }),
  workload({ ...slow, name: 'range', op: 'range' }),
  workload({ ...slow, name: 'compact', op: 'compact' }),
];

/** The store reaches its quota at 2 s. */
function full(workloads: readonly WorkloadScenario[]): Bed {
  return open({
    etcd: {
      quotaBackendBytes: QUOTA,
      preloadKeys: 1000,
      preloadKeyBytes: 8,
      preloadValueBytes: 256,
    },
    workload: workloads,
    faults: [fault(2000, { kind: 'fillQuota', toFraction: 1 })],
    horizon: 12_000,
  });
}

test('A full store refuses what makes it larger, and nothing else.', () => {
  const o = full(kinds).end();
  const refused = kinds.filter((w) => 'noSpace' in o.outcomes(w.name)).map((w) => w.name);
  assert.deepEqual(refused, ['put', 'txn', 'lease-grant']);
  // The keys of the deletes were never there; who is not refused is answered.
  const answered = kinds.filter((w) => {
    const { ok = 0, notFound = 0 } = o.outcomes(w.name);
    return ok + notFound > 150;
  });
  assert.deepEqual(
    answered.map((w) => w.name),
    ['delete', 'range', 'compact'],
  );
});

// Granted at 1 s for 4 s: its revoke, at 5 s, goes through the log of a store that is full.
test('A lease still ends in a full store.', () => {
  const grant = workload({
    name: 'grants',
    op: 'lease-grant',
    clients: 1,
    leaseTtlNs: 4 * S,
    thinkTime: { kind: 'constant', value: 60 * S },
  });
  const bed = full([grant, workload(slow)]);
  bed.to(4500);
  assert.ok(bed.etcd.shared.keys.alarmNoSpace);
  const [gone] = bed.end().times('lease expired');
  assert.ok(gone > 5000 && gone < 6000, `${gone}`);
});

// quota.go: the request that does not fit is refused by the member that received it, which proposes
// the alarm; from then on every member refuses, also those that look at their own quota in vain.
test('The first write that does not fit raises the alarm for all members.', () => {
  const bed = full([workload({ ...slow, target: 'etcd/2' })]);
  bed.to(2900);
  assert.equal(bed.etcd.shared.keys.alarmNoSpace, false);
  bed.until(() => bed.etcd.shared.keys.alarmNoSpace, 'the alarm');
  assert.ok(bed.now() < 3100, `${bed.now()}`);
});

test('Disarmed without more room the alarm comes back with the next write.', () => {
  const bed = full([workload(slow)]);
  bed.to(4000);
  bed.etcd.disarm();
  bed.until(() => !bed.etcd.shared.keys.alarmNoSpace, 'disarmed');
  bed.until(() => bed.etcd.shared.keys.alarmNoSpace, 'raised again');
  assert.ok(bed.now() < 4200, `${bed.now()}`);
});

// Compaction frees pages, defragmentation gives them back, disarming lets writes in. Before the
// defragmentation the file is as large as it was: etcd looks at its size, not at what is free in
// it.
test('Compact, defragment, disarm: then puts are accepted again.', () => {
  const bed = open({
    etcd: { quotaBackendBytes: QUOTA },
    // 45,000 revisions of 372 B fill 16 MiB in 2.25 s of 20,000 puts a second over 100 keys.
    workload: [
      workload({ name: 'filling', ratePerSecond: 20_000, keySpace: 100, stopNs: 4 * S }),
      workload({ name: 'probe', ratePerSecond: 100, arrivals: 'constant', startNs: 4 * S }),
    ],
    fsync: 0.2,
    horizon: 12_000,
  });
  const accepted = () => bed.etcd.shared.keys.revision;
  bed.to(5000);
  assert.ok(bed.etcd.shared.keys.alarmNoSpace);
  const before = accepted();
  bed.etcd.compact(0);
  bed.to(8000);
  assert.ok(bed.member(0).backend.fileBytes > QUOTA - 1 * MS);
  assert.ok(bed.member(0).backend.inUseBytes < QUOTA / 10);
  bed.etcd.disarm();
  bed.to(8200);
  assert.ok(bed.etcd.shared.keys.alarmNoSpace, 'the file is still full');
  assert.equal(accepted(), before);
  for (const member of bed.etcd.members) member.maintenance.defrag();
  bed.to(9000);
  assert.ok(bed.member(0).backend.fileBytes < QUOTA / 10);
  bed.etcd.disarm();
  bed.to(11_000);
  // 100/s for 2 s.
  assert.ok(accepted() > before + 190, `${accepted() - before} puts`);
});

test.run();
