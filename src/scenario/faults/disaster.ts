/** Verbs of disasters: memory and neighbours; restores, replacements and upgrades of etcd. */
import { formatUnit } from '../units.ts';
import type { CheckContext, TargetClass, VerbSpecs } from './verb.ts';

/** What operators stop before a restore, and start after it. */
export type RestoreRestarts = 'none' | 'apiServers' | 'controlPlane';

export type DisasterAction =
  | {
      readonly kind: 'restoreSnapshot';
      readonly target: string;
      /** NaN: the last one that was saved. */
      readonly ageNs: number;
      readonly bytesPerSecond: number;
      readonly bumpRevision: number;
      readonly restarts: RestoreRestarts;
    }
  | { readonly kind: 'replaceMember'; readonly target: string; readonly learner: boolean }
  | { readonly kind: 'upgradeEtcd'; readonly version: string; readonly stoppedForNs: number }
  | {
      readonly kind: 'noisyNeighbour';
      readonly target: string;
      readonly cores: number;
      readonly weight: number;
      readonly memoryBytes: number;
      /** '': the first one. */
      readonly disk: string;
      readonly syncsPerSecond: number;
      readonly bytesPerSecond: number;
    }
  | { readonly kind: 'leakMemory'; readonly target: string; readonly bytesPerSecond: number }
  | { readonly kind: 'oomKill'; readonly target: string };

const MEMBERS: readonly TargetClass[] = ['member', 'members'];
const PROCESSES: readonly TargetClass[] = [...MEMBERS, 'apiServer', 'component'];

export const disasterSpecs: VerbSpecs<DisasterAction> = {
  restoreSnapshot: {
    targets: ['members'],
    read: (fault) => ({
      kind: 'restoreSnapshot',
      target: fault.restoreSnapshot ?? '',
      ageNs: fault.age ?? Number.NaN,
      bytesPerSecond: fault.speed,
      bumpRevision: fault.bumpRevision,
      restarts: fault.restarts,
    }),
    check: ({ target }, { path, checker }) => {
      if (target.endsWith('/all')) return;
      checker.at(
        `${path}.restoreSnapshot`,
        'WT1006',
        'a restore makes a new cluster of all members',
        {
          expected: 'etcd/all',
        },
      );
    },
    print: ({ ageNs, bytesPerSecond, bumpRevision, restarts }) => ({
      ...(Number.isNaN(ageNs) ? {} : { age: formatUnit('duration', ageNs) }),
      speed: formatUnit('bandwidth', bytesPerSecond),
      bumpRevision,
      restarts,
    }),
  },
  replaceMember: {
    targets: MEMBERS,
    read: ({ replaceMember, learner }) => ({
      kind: 'replaceMember',
      target: replaceMember ?? '',
      learner,
    }),
    print: ({ learner }) => ({ learner }),
  },
  upgradeEtcd: {
    targets: [],
    read: (fault) => ({
      kind: 'upgradeEtcd',
      version: fault.upgradeEtcd ?? '',
      stoppedForNs: fault.stoppedFor,
    }),
    check: ({ version }, { path, checker }) => {
      if (/^v?3\.[4-9](\.\d+)?$/.test(version)) return;
      checker.at(`${path}.upgradeEtcd`, 'WT1006', `${version} is no version of etcd`, {
        expected: 'a version such as 3.6 or 3.5.21',
      });
    },
    print: ({ version, stoppedForNs }) => ({
      upgradeEtcd: version,
      stoppedFor: formatUnit('duration', stoppedForNs),
    }),
  },
  noisyNeighbour: {
    targets: ['host'],
    read: (fault) => ({
      kind: 'noisyNeighbour',
      target: fault.noisyNeighbour ?? '',
      cores: fault.cores,
      weight: fault.weight,
      memoryBytes: fault.memory,
      disk: fault.disk ?? '',
      syncsPerSecond: fault.fsyncRate,
      bytesPerSecond: fault.diskBandwidth,
    }),
    check: (action, context) => checkNeighbour(action, context),
    print: (action) => ({
      cores: action.cores,
      weight: action.weight,
      memory: formatUnit('bytes', action.memoryBytes),
      ...(action.disk === '' ? {} : { disk: action.disk }),
      fsyncRate: formatUnit('rate', action.syncsPerSecond),
      diskBandwidth: formatUnit('bandwidth', action.bytesPerSecond),
    }),
  },
  leakMemory: {
    targets: PROCESSES,
    read: (fault) => ({
      kind: 'leakMemory',
      target: fault.leakMemory ?? '',
      bytesPerSecond: fault.growth,
    }),
    print: ({ bytesPerSecond }) => ({ growth: formatUnit('bandwidth', bytesPerSecond) }),
  },
  oomKill: {
    targets: PROCESSES,
    read: (fault) => ({ kind: 'oomKill', target: fault.oomKill ?? '' }),
  },
};

type Neighbour = Extract<DisasterAction, { kind: 'noisyNeighbour' }>;

function checkNeighbour(action: Neighbour, { names, path, checker }: CheckContext): void {
  const { cores, memoryBytes, syncsPerSecond, bytesPerSecond, disk } = action;
  if (cores + memoryBytes + syncsPerSecond + bytesPerSecond === 0) {
    checker.at(path, 'WT1009', 'this neighbour does nothing', {
      hint: 'give it cores, memory, fsyncRate or diskBandwidth',
    });
  }
  const host = names.hosts.find(({ name }) => name === action.target);
  if (host === undefined) return;
  if (host.disks.length === 0 && (disk !== '' || syncsPerSecond + bytesPerSecond > 0)) {
    checker.at(path, 'WT1006', `${action.target} has no disk to write to`, {
      hint: 'name the machine of a member of etcd, or leave out disk, fsyncRate and diskBandwidth',
    });
    return;
  }
  if (disk === '' || host.disks.some(({ name }) => name === disk)) return;
  checker.at(`${path}.disk`, 'WT1006', `${action.target} has no disk ${disk}`, {
    expected: host.disks.map(({ name }) => name).join(' or '),
  });
}
