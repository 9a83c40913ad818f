/** Checks across fields: times and workloads against the cluster that they are for. */
import type { Checker } from './checker.ts';
import type { Fields } from './field.ts';
import type { BaseValue } from './fields/scenario.ts';
import { type WorkloadValue, workloadFields } from './fields/workload.ts';
import type { RunTimes } from './thresholds.ts';
import type { EtcdScenario, WorkloadScenario } from './types.ts';
import { formatUnit } from './units.ts';

/** Rows of timeseries.csv; more would not be read by anyone. */
const SERIES_ROWS_MAX = 1_000_000;
const show = (ns: number) => formatUnit('duration', ns);

export function checkTimes(base: BaseValue, warmupNs: number, checker: Checker): void {
  if (checker.bad('horizon')) return;
  if (warmupNs >= base.horizon) {
    const run = show(base.horizon);
    const message = `a warm-up of ${show(warmupNs)} leaves nothing of a run of ${run}`;
    checker.at('warmup', 'WT1104', message, { expected: `less than ${run}` });
  }
  if (base.horizon / base.seriesInterval > SERIES_ROWS_MAX) {
    checker.at('seriesInterval', 'WT1007', 'too many rows in timeseries.csv', {
      expected: `at least ${show(Math.ceil(base.horizon / SERIES_ROWS_MAX))}`,
    });
  }
}

/** Fields that belong to other verbs or operations than this one. */
export function checkOnly(fields: Fields, word: string, path: string, checker: Checker): void {
  for (const key of checker.keysAt(path)) {
    const only = Object.hasOwn(fields, key) ? fields[key].only : undefined;
    if (only === undefined || only.includes(word)) continue;
    checker.at(`${path}.${key}`, 'WT1018', `${key} means nothing for ${word}`, {
      expected: `${key} goes with ${only.join(', ')}`,
    });
  }
}

export function checkWorkloads(
  values: readonly WorkloadValue[],
  workload: readonly WorkloadScenario[],
  etcd: EtcdScenario,
  times: RunTimes,
  checker: Checker,
): void {
  for (const [i, value] of values.entries()) {
    const path = `workload[${i}]`;
    const w = workload[i];
    checkOnly(workloadFields, w.op, path, checker);
    checkLoop(value, w, path, checker);
    checkTarget(w, path, etcd, checker);
    checkLease(w, path, workload, checker);
    if (w.startNs >= times.horizonNs) {
      checker.at(`${path}.start`, 'WT1106', `it would start past the horizon`, {
        expected: `less than ${show(times.horizonNs)}`,
      });
    } else if (w.stopNs <= w.startNs) {
      checker.at(`${path}.stop`, 'WT1109', 'it would stop before it starts');
    }
    if (value.stop !== Number.POSITIVE_INFINITY && value.stop > times.horizonNs) {
      checker.at(`${path}.stop`, 'WT1106', `it would stop past the horizon`, {
        expected: `at most ${show(times.horizonNs)}`,
      });
    }
    if (w.op === 'txn' && w.keysPerRequest > etcd.maxTxnOps) {
      const message = `etcd refuses transactions of ${w.keysPerRequest} operations`;
      checker.at(`${path}.keysPerRequest`, 'WT1109', message, {
        expected: `at most ${etcd.maxTxnOps}, the flag max-txn-ops`,
      });
    }
  }
}

/** Keys attach to leases of a workload that has some. */
function checkLease(
  w: WorkloadScenario,
  path: string,
  workload: readonly WorkloadScenario[],
  checker: Checker,
): void {
  const { lease } = w;
  if (lease === undefined) return;
  const lessees = workload.filter((other) => other.op.startsWith('lease-')).map((o) => o.name);
  if (lessees.includes(lease)) return;
  const message = `there is no workload of leases named ${lease}`;
  checker.unknown(`${path}.lease`, message, lease, lessees);
}

/** Fields of the other kind of loop. */
function checkLoop(
  value: WorkloadValue,
  w: WorkloadScenario,
  path: string,
  checker: Checker,
): void {
  if (w.op === 'watch' && value.rate !== undefined) {
    checker.at(`${path}.rate`, 'WT1105', 'watchers have no rate', {
      hint: '`clients` is the number of watchers',
    });
    return;
  }
  const open = value.rate !== undefined;
  const wrong = open ? ['thinkTime'] : ['arrivals', 'maxInFlight'];
  for (const key of checker.keysAt(path)) {
    if (!wrong.includes(key)) continue;
    checker.at(
      `${path}.${key}`,
      'WT1018',
      `${key} means nothing for ${open ? 'an open' : 'a closed'} loop`,
      {
        hint: open ? 'give clients in place of rate' : 'give rate in place of clients',
      },
    );
  }
}

function checkTarget(
  w: WorkloadScenario,
  path: string,
  etcd: EtcdScenario,
  checker: Checker,
): void {
  const members = etcd.members.map((member) => member.name);
  const words = ['leader', 'follower', 'all', 'random', ...members];
  const { target } = w;
  if (target === 'follower' && members.length === 1) {
    checker.at(`${path}.target`, 'WT1101', 'a single member has no follower');
  } else if (!words.includes(target)) {
    const alias = words.find((word) => `etcd/${word}` === target || `etcd/${word}s` === target);
    const hint = alias === undefined ? '' : `here it is just ${alias}`;
    checker.unknown(`${path}.target`, `there is no target ${target}`, target, words, hint);
  }
}
