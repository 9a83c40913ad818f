/** Verbs of clocks. */
import { formatUnit } from '../units.ts';
import { MACHINE_TARGETS, type OfPart, partOf, type VerbSpecs } from './verb.ts';

export type ClockAction =
  | ({ readonly kind: 'clockStep'; readonly target: string; readonly byNs: number } & OfPart)
  | ({ readonly kind: 'clockDrift'; readonly target: string; readonly ppm: number } & OfPart)
  | ({ readonly kind: 'ntp'; readonly target: string; readonly offsetNs: number } & OfPart);

export const clockSpecs: VerbSpecs<ClockAction> = {
  clockStep: {
    targets: MACHINE_TARGETS,
    read: (fault, { need }) => ({
      kind: 'clockStep',
      target: fault.clockStep ?? '',
      byNs: need('by', fault.by, 0, '600ms'),
      ...partOf(fault),
    }),
    print: ({ byNs }) => ({ by: formatUnit('duration', byNs) }),
  },
  clockDrift: {
    targets: MACHINE_TARGETS,
    read: (fault, { need }) => ({
      kind: 'clockDrift',
      target: fault.clockDrift ?? '',
      ppm: need('rate', fault.rate, 0, '200ppm'),
      ...partOf(fault),
    }),
    print: ({ ppm }) => ({ rate: formatUnit('ppm', ppm) }),
  },
  ntp: {
    targets: MACHINE_TARGETS,
    read: (fault, { need }) => ({
      kind: 'ntp',
      target: fault.ntp ?? '',
      offsetNs: need('offset', fault.offset, 0, '10m'),
      ...partOf(fault),
    }),
    print: ({ offsetNs }) => ({ offset: formatUnit('duration', offsetNs) }),
  },
};
