/**
 * Faults of clocks. A step moves the wall clock of a machine alone; a rate error moves both of its
 * clocks. Of a node it is the wall clock by which certificates are looked at and tokens renewed
 * (models/machine/credentials.ts); what a kubelet times by itself goes by true time.
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

/** Of machines and nodes. */
function clocksOf(target: string, world: FaultWorld, part = 1): Clock[] {
  const targets = resolveTargets(target, world, part);
  const { kubernetes, credentials } = world;
  kubernetes?.library.tokens.watchClocks();
  const nodes = targets.flatMap((one) => ('node' in one ? [one.node] : []));
  const ofNodes = nodes.map((node) => {
    const clock = credentials.nodeClock(node);
    kubernetes?.nodes.followClock(node, clock);
    return clock;
  });
  return [...hostsOf(targets, world).map((host) => host.clock), ...ofNodes];
}
