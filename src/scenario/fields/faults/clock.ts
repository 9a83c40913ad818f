/** Faults of clocks. */
import * as field from '../../field.ts';
import { verb } from './target.ts';

export const clockVerbs = {
  clockStep: verb('Let the wall clock jump by `by`', 'etcd/1'),
  clockDrift: verb('Change the rate of the clock by `rate`', 'etcd/1'),
  ntp: verb('Let the time server of the machine be wrong by `offset`', 'control-plane-0'),
};

export const clockLasting: readonly string[] = ['clockDrift', 'ntp'];
export const clockPartial: readonly string[] = ['clockStep', 'clockDrift', 'ntp'];

export const clockOptions = {
  by: field.duration({
    description: 'How far the clock jumps; negative goes back.',
    min: '-100d',
    max: '100d',
    example: '-600ms',
    only: ['clockStep'],
  }),
  rate: field.ppm({
    description: 'Rate error while it lasts.',
    min: '-500000ppm',
    max: '1000000ppm',
    example: '200ppm',
    only: ['clockDrift'],
  }),
  offset: field.duration({
    description: 'What the time server is ahead of true time; negative is behind.',
    min: '-100d',
    max: '100d',
    example: '10m',
    only: ['ntp'],
  }),
};
