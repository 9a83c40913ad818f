/** Faults of disks. */
import * as field from '../../field.ts';
import { verb } from './target.ts';

export const diskVerbs = {
  stallDisk: verb('Let the disk answer nothing'),
  slowDisk: verb('Make the disk slower, by `factor` or with another `fsync`', 'etcd/2'),
  fullDisk: verb('Let the disk be full', 'etcd/1'),
};

export const diskLasting: readonly string[] = ['stallDisk', 'slowDisk', 'fullDisk'];
export const diskPartial: readonly string[] = ['stallDisk', 'slowDisk', 'fullDisk'];

export const diskOptions = {
  factor: field.number({
    description: 'Factor on every latency of the disk.',
    default: '1',
    min: '0.001',
    max: '1000000',
    example: '10',
    only: ['slowDisk'],
  }),
  fsync: field.distribution('duration', {
    description: 'The fsync times while it lasts.',
    example: '{ constant: 25ms }',
    only: ['slowDisk'],
  }),
};
