/** Verbs of processes and machines: kill, restart, pause. */
import { formatUnit } from '../units.ts';
import { type OfPart, PROCESS_TARGETS, partOf, type VerbSpecs } from './verb.ts';

export type ProcessAction =
  | ({
      readonly kind: 'kill';
      readonly target: string;
      /** NaN = by `forNs`, or by its supervisor where that is Infinity. */
      readonly restartAfterNs: number;
      readonly loseData: boolean;
    } & OfPart)
  | ({
      readonly kind: 'restart';
      readonly target: string;
      readonly graceful: boolean;
      /** One after the other; absent = all at once. */
      readonly rolling?: true;
    } & OfPart)
  | ({ readonly kind: 'pause'; readonly target: string } & OfPart);

export const processSpecs: VerbSpecs<ProcessAction> = {
  kill: {
    targets: PROCESS_TARGETS,
    read: (fault) => ({
      kind: 'kill',
      target: fault.kill ?? '',
      restartAfterNs: fault.restartAfter ?? Number.NaN,
      loseData: fault.loseData,
      ...partOf(fault),
    }),
    check: (_, { keys, path, checker }) => {
      if (!keys.includes('for') || !keys.includes('restartAfter')) return;
      checker.at(`${path}.restartAfter`, 'WT1009', 'for and restartAfter exclude each other');
    },
    print: ({ restartAfterNs: after, loseData }) => ({
      ...(Number.isNaN(after) ? {} : { restartAfter: formatUnit('duration', after) }),
      loseData,
    }),
  },
  restart: {
    targets: PROCESS_TARGETS,
    read: (fault) => ({
      kind: 'restart',
      target: fault.restart ?? '',
      graceful: fault.graceful,
      ...(fault.rolling ? { rolling: true } : {}),
      ...partOf(fault),
    }),
    print: ({ graceful, rolling }) => ({ graceful, ...(rolling ? { rolling } : {}) }),
  },
  pause: {
    targets: PROCESS_TARGETS,
    read: (fault) => ({ kind: 'pause', target: fault.pause ?? '', ...partOf(fault) }),
  },
};
