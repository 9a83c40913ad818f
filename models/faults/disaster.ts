/**
 * Disasters of etcd and what operators do about them: a snapshot is restored, a member replaced,
 * all members upgraded. Memory and neighbours are in resources.ts.
 *
 * A restore follows the documentation of Kubernetes (Operating etcd clusters, Restoring an etcd
 * cluster): the API servers are stopped first, and started when etcd serves again, and so are the
 * scheduler and the controller managers; kubelets and other clients are left as they are, with what
 * they remember. Each of this can be left out.
 */
import { NS_PER_S } from '../../src/core/index.ts';
import type { DisasterAction, FaultScenario } from '../../src/scenario/types.ts';
import type { EtcdCluster, StoreSnapshot } from '../etcd/index.ts';
import type { FaultHandlers, Undo } from './handler.ts';
import { kill } from './process.ts';
import { resourceFaults } from './resources.ts';
import { clusterOf, resolveTargets } from './targets.ts';
import type { FaultWorld } from './world.ts';

/** How often the operator looks whether etcd, then the API, is back. */
const LOOK_NS = NS_PER_S;
const LOOKS_MAX = 3600;

type Restore = Extract<DisasterAction, { readonly kind: 'restoreSnapshot' }>;

export const disasterFaults: FaultHandlers<DisasterAction['kind']> = {
  ...resourceFaults,

  restoreSnapshot: (action, world) => {
    const cluster = clusterOf(action.target, world);
    const snapshot = Number.isNaN(action.ageNs)
      ? cluster.recovery.last
      : (world.snapshots.get(keyOf(action))?.shift() ?? null);
    if (snapshot === null) world.event('restore', action.target, 'there is no snapshot');
    else restore(cluster, snapshot, action, world);
    return null;
  },

  replaceMember: ({ target, learner }, world) => {
    for (const one of resolveTargets(target, world)) {
      if (one.kind === 'member') one.cluster.operations.replaceMember(one.member.index, learner);
    }
    return null;
  },

  upgradeEtcd: ({ version, stoppedForNs }, world) => {
    world.etcd.operations.upgrade(version, stoppedForNs);
    world.eventsEtcd?.operations.upgrade(version, stoppedForNs);
    return null;
  },
};

/** Measures what restores cost, from the first one on. */
export function watchRestores({ ctx, etcd, eventsEtcd }: FaultWorld): void {
  for (const [name, cluster] of [
    ['etcd', etcd],
    ['etcd-events', eventsEtcd],
  ] as const) {
    cluster?.recovery.onRestored(({ keysLost }) => {
      const lost = ctx.metrics.counter(
        'wavetank_etcd_keys_lost_total',
        { etcd: name },
        { help: 'Keys that were there and are not after the store was lost or went back.' },
      );
      lost.add(keysLost);
    });
  }
}

/**
 * Snapshots that faults will ask for by their age are taken at that time; what is older than the
 * run is what stood at its start.
 */
export function planSnapshots(faults: readonly FaultScenario[], world: FaultWorld): void {
  const { horizonNs } = world.ctx.sim;
  for (const { action, atNs, everyNs, times } of faults) {
    if (action.kind !== 'restoreSnapshot' || Number.isNaN(action.ageNs)) continue;
    for (let i = 0; i < times; i++) {
      const restoreNs = atNs + i * everyNs;
      if (restoreNs >= horizonNs) break;
      const takenNs = Math.max(0, restoreNs - action.ageNs);
      world.after(takenNs, () => take(action, world));
      if (everyNs === 0) break;
    }
  }
}

function take(action: Restore, world: FaultWorld): void {
  const snapshot = clusterOf(action.target, world).recovery.capture();
  const key = keyOf(action);
  const known = world.snapshots.get(key);
  if (known === undefined) world.snapshots.set(key, [snapshot]);
  else known.push(snapshot);
}

/** Restores of one age come in the order of their snapshots. */
function keyOf({ target, ageNs }: Restore): string {
  return `${target}/${ageNs}`;
}

function restore(
  cluster: EtcdCluster,
  snapshot: StoreSnapshot,
  { target, bytesPerSecond, bumpRevision, restarts }: Restore,
  world: FaultWorld,
): void {
  const { nowNs } = world.ctx.sim;
  const starts = stop(restarts, world);
  cluster.recovery.restore(snapshot, { bytesPerSecond, bumpRevision });
  const tell = () => {
    const seconds = (world.ctx.sim.nowNs - nowNs) / NS_PER_S;
    world.event('recovered', target, `${seconds} s after the restore began`);
    world.ctx.metrics
      .tally(
        'wavetank_restore_duration_seconds',
        { target },
        { help: 'From the begin of a restore until etcd leads and an API server is ready.' },
      )
      .record(world.ctx.sim.nowNs - nowNs);
  };
  const serves = () =>
    !cluster.recovery.isRestoring && cluster.members[cluster.leaderIndex].isLeader;
  when(serves, world, () => {
    for (const start of starts) start?.();
    when(() => apiIsReady(world), world, tell);
  });
}

function stop(restarts: Restore['restarts'], world: FaultWorld): (Undo | null)[] {
  if (restarts === 'none' || world.kubernetes === null) return [];
  const names = ['kube-apiserver/all'];
  if (restarts === 'controlPlane') {
    names.push('kube-scheduler/all', 'kube-controller-manager/all', 'cloud-controller-manager/all');
  }
  const { horizonNs } = world.ctx.sim;
  return names
    .flatMap((name) => resolveTargets(name, world))
    .map((target) => kill(target, world, horizonNs, false));
}

function apiIsReady({ kubernetes }: FaultWorld): boolean {
  return kubernetes === null || kubernetes.servers.replicas.some((server) => server.isReady);
}

/** Acts when the condition holds, as seen by one who looks every second, for an hour. */
function when(holds: () => boolean, world: FaultWorld, act: () => void): void {
  let looks = 0;
  const look = (): void => {
    if (holds()) act();
    else if (++looks < LOOKS_MAX) world.after(LOOK_NS, look);
  };
  world.after(LOOK_NS, look);
}
