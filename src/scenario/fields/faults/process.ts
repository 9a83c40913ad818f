/** Faults of processes and machines. */
import * as field from '../../field.ts';
import { verb } from './target.ts';

export const processVerbs = {
  kill: verb('Kill the process, as SIGKILL; of a host, node or zone: the machines are lost'),
  restart: verb('Stop the process and start it again', 'etcd/1'),
  pause: verb('Pause the process, as SIGSTOP; of a host: all of it, as a virtual machine'),
};

export const processLasting: readonly string[] = ['kill', 'pause'];
export const processPartial: readonly string[] = ['kill', 'restart', 'pause'];

export const processOptions = {
  restartAfter: field.duration({
    description: 'When the killed process is started again, in place of `for`.',
    min: '0s',
    example: '5s',
    only: ['kill'],
  }),
  loseData: field.boolean({
    description: 'Whether its data directory is lost as well.',
    default: 'false',
    only: ['kill'],
  }),
  graceful: field.boolean({
    description: 'SIGTERM, with leadership handed over, in place of SIGKILL.',
    default: 'true',
    only: ['restart'],
  }),
  rolling: field.boolean({
    description: 'One after the other: the next one when the one before is ready.',
    default: 'false',
    only: ['restart'],
  }),
};
