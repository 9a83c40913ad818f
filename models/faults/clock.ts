/**
 * Faults of clocks. A step moves the wall clock of a machine alone; a rate error moves both of its
 * clocks.
 */
import type { ClockAction } from '../../src/scenario/types.ts';
import type { Clock } from '../machine/index.ts';
import type { FaultHandlers } from './handler.ts';
import { hostsOf, resolveTargets } from './targets.ts';
import type { FaultWorld } from './world.ts';

export const clockFaults: FaultHandlers<ClockAction['kind']> = {
  clockStep: ({ target, part, byNs }, world) => {
    const clocks = clocksOf(target, world, part);
    for (const clock of clocks) clock.step(byNs);
    return () => {
      for (const clock of clocks) clock.step(-byNs);
    };
  },

  clockDrift: ({ target, part, ppm }, world) => {
    const clocks = clocksOf(target, world, part);
    for (const clock of clocks) clock.drift(ppm);
    return () => {
      for (const clock of clocks) clock.drift(clock.builtDriftPpm);
    };
  },

  ntp: ({ target, part, offsetNs }, world) => {
    const clocks = clocksOf(target, world, part);
    for (const clock of clocks) clock.misleadNtp(offsetNs);
    return () => {
      for (const clock of clocks) clock.misleadNtp(0);
    };
  },
};

function clocksOf(target: string, world: FaultWorld, part = 1): Clock[] {
  return hostsOf(resolveTargets(target, world, part), world).map((host) => host.clock);
}
