/**
 * Rows of catch-up and maintenance: restart behind others, defrag, snapshot save, restart, fill.
 */
import type { FaultAction, Scenario, WorkloadScenario } from '../scenario/types.ts';
import { numberOf, type Row } from './rows.ts';
import { workloadOf } from './scenario.ts';
import { advanceUntil, openRun, simulateRun } from './simulate.ts';
import { type EventKind, type Figures, type Trial, trialScenario } from './trial.ts';

const TRIALS = 8;
const FILL_VALUE_BYTES = 8192;
/** The load that puts a follower behind. */
const CATCHUP_RATE = 5000;
/**
 * Start of the etcdctl program, which the measured figure contains (rows `endpoint status (client
 * overhead)`).
 */
const ETCDCTL_MS = 28;

/** What of such a row can be simulated; null where nothing can. */
export function maintenanceKind(row: Row): EventKind | null {
  const action = row.action ?? '';
  if (/restart a follower \d+ entries behind/.test(action))
    return { columns: ['value'], trials: TRIALS, trial: catchUp };
  if (action === 'defrag') return { columns: ['gap_ms'], trials: TRIALS, trial: defrag };
  if (action === 'snapshot save')
    return { columns: ['value'], trials: TRIALS, trial: snapshotSave };
  if (/^restart of a single member/.test(action))
    return { columns: ['value'], trials: TRIALS, trial: restart };
  if (/^fill/.test(action)) return { columns: ['value'], trials: 1, trial: fill };
  return null;
}

function scenarioOf(
  trial: Trial,
  workload: readonly WorkloadScenario[],
  action: FaultAction | null,
  horizonNs: number,
): Scenario {
  const { row } = trial;
  const operation = { name: 'operation', atNs: 3e9, forNs: Infinity, everyNs: 0, times: 1 };
  const scenario = trialScenario(trial, {
    name: row.action ?? '',
    workload,
    faults: action === null ? [] : [{ ...operation, action }],
    horizonNs,
    warmupNs: 0,
  });
  const keys = Math.round((numberOf(row, 'param', 0) * 1e6) / FILL_VALUE_BYTES);
  const isCatchUp = /entries behind/.test(row.action ?? '');
  const snapshotCount = Number(
    /snapshot_count=(\d+)/.exec(row.notes ?? '')?.[1] ?? scenario.etcd.snapshotCount,
  );
  const etcd = isCatchUp
    ? { ...scenario.etcd, snapshotCount }
    : {
        ...scenario.etcd,
        preloadKeys: keys,
        preloadKeyBytes: 16,
        preloadValueBytes: FILL_VALUE_BYTES,
      };
  return { ...scenario, etcd };
}

/** ms from the start of the process to applied = leader. */
function catchUp(trial: Trial): Figures {
  const { row } = trial;
  const entries = numberOf(row, 'param');
  const loadNs = (entries / CATCHUP_RATE) * 1e9;
  const bytes = Number(/value (\d+) B/.exec(row.notes ?? '')?.[1] ?? 256);
  const load = workloadOf({
    name: 'load',
    ratePerSecond: CATCHUP_RATE,
    arrivals: 'constant',
    startNs: 1e9,
    stopNs: 1e9 + loadNs,
    valueSize: { kind: 'constant', value: bytes },
  });
  const idle = scenarioOf(trial, [load], null, 1e9 + loadNs + 120e9);
  const { run, cluster } = openRun(idle);
  const { etcd } = cluster;
  advanceUntil(run, () => run.progress().nowNs >= 0.8e9);
  etcd.kill(1, false);
  advanceUntil(run, () => run.progress().nowNs >= 1e9 + loadNs + 1e9);
  const startNs = run.progress().nowNs;
  etcd.boot(1);
  const follower = etcd.members[1];
  advanceUntil(
    run,
    () =>
      follower.isListening &&
      follower.applier.appliedIndex >= etcd.members[etcd.leaderIndex].applier.appliedIndex,
  );
  return { value: (run.progress().nowNs - startNs) / 1e6 };
}

/** Longest gap between puts while the only member defragments. */
function defrag(trial: Trial): Figures {
  const puts = workloadOf({ name: 'puts', ratePerSecond: 200 });
  const scenario = scenarioOf(trial, [puts], { kind: 'defrag', target: 'etcd/0' }, 6e9);
  return { gap_ms: simulateRun(scenario).outages.results()[0].longestGapNs / 1e6 };
}

function snapshotSave(trial: Trial): Figures {
  const puts = workloadOf({ name: 'puts', ratePerSecond: 50 });
  const scenario = scenarioOf(trial, [puts], { kind: 'snapshotSave', target: 'etcd/0' }, 20e9);
  const saved = simulateRun(scenario).result.metrics.events.find(
    (e) => e.kind === 'snapshot saved',
  );
  return { value: saved === undefined ? Number.NaN : (saved.timeNs - 3e9) / 1e6 + ETCDCTL_MS };
}

/**
 * ms from the start of the process to the first answer of a member that is alone: after its
 * election.
 */
function restart(trial: Trial): Figures {
  const scenario = scenarioOf(trial, [], null, 60e9);
  const { run, cluster } = openRun(scenario);
  const member = cluster.etcd.members[0];
  advanceUntil(run, () => run.progress().nowNs >= 3e9);
  cluster.etcd.kill(0, false);
  const startNs = run.progress().nowNs;
  cluster.etcd.boot(0);
  advanceUntil(run, () => member.isListening && member.isLeader);
  return { value: (run.progress().nowNs - startNs) / 1e6 };
}

function fill(trial: Trial): Figures {
  const puts = workloadOf({
    name: 'puts',
    clients: 32,
    valueSize: { kind: 'constant', value: FILL_VALUE_BYTES },
  });
  const { result } = simulateRun(scenarioOf(trial, [puts], null, 3e9));
  const tally = result.metrics.tallies.find(
    (t) => t.name === 'wavetank_client_request_duration_seconds',
  );
  return { value: (tally?.perSegment.reduce((n, h) => n + h.total, 0) ?? 0) / 2 };
}
