/** Small models on the whole event loop: digest on, payloads checked, random streams drawn from. */
import { type QueueKind, Simulation, Watchdogs } from '../../src/core/index.ts';
import type { Work } from './hold.ts';

const LOGICAL_PROCESSES = 1024;
const HORIZON_NS = 8.64e15;

function driver(sim: Simulation): Work {
  return (count) => {
    sim.advance(count);
  };
}

/**
 * PHOLD (Fujimoto 1990): messages that hop between logical processes after exponential delays of
 * mean 1 s.
 */
export function makePhold(messages: number, queue: QueueKind): Work {
  const sim = new Simulation({ seed: 'phold', horizonNs: HORIZON_NS, queue });
  const stream = sim.stream('phold');
  const visits = new Int32Array(LOGICAL_PROCESSES);
  const hop = sim.eventType('hop', (process, hops) => {
    visits[process]++;
    const delayNs = Math.floor(stream.exponential() * 1e9);
    sim.schedule(delayNs, hop, stream.u32() & (LOGICAL_PROCESSES - 1), (hops + 1) | 0);
  });
  for (let i = 0; i < messages; i++) {
    sim.schedule(Math.floor(stream.exponential() * 1e9), hop, i & (LOGICAL_PROCESSES - 1));
  }
  return driver(sim);
}

/** The same with one generator per message. */
export function makePholdGenerators(messages: number, queue: QueueKind): Work {
  const sim = new Simulation({ seed: 'phold', horizonNs: HORIZON_NS, queue });
  const stream = sim.stream('phold');
  const visits = new Int32Array(LOGICAL_PROCESSES);
  function* message(start: number) {
    for (let process = start; ; process = stream.u32() & (LOGICAL_PROCESSES - 1)) {
      visits[process]++;
      yield Math.floor(stream.exponential() * 1e9);
    }
  }
  for (let i = 0; i < messages; i++) {
    sim.spawn('message', message(i & (LOGICAL_PROCESSES - 1)));
  }
  return driver(sim);
}

const STATIONS = 5;
const SERVERS = 4;
const LOAD = 0.8;
const SERVICE_NS = 1e6;
const LINE = 2 ** 16;

/** Five M/M/4 stations in a row at 80 % load; an event is an arrival or the end of a service. */
export function makeNetwork(queue: QueueKind): Work {
  const sim = new Simulation({ seed: 'network', horizonNs: HORIZON_NS, queue });
  const gaps = sim.stream('gaps');
  const services = sim.stream('services');
  const busy = new Int32Array(STATIONS);
  const lines = new Int32Array(STATIONS * LINE);
  const heads = new Int32Array(STATIONS);
  const lengths = new Int32Array(STATIONS);
  const begin = (station: number, job: number) => {
    sim.schedule(Math.floor(services.exponential() * SERVICE_NS), serviceEnd, station, job);
  };
  const enter = (station: number, job: number) => {
    if (busy[station] < SERVERS) {
      busy[station]++;
      begin(station, job);
    } else {
      lines[station * LINE + ((heads[station] + lengths[station]++) & (LINE - 1))] = job;
    }
  };
  const serviceEnd = sim.eventType('service end', (station, job) => {
    if (lengths[station] > 0) {
      lengths[station]--;
      begin(station, lines[station * LINE + (heads[station]++ & (LINE - 1))]);
    } else {
      busy[station]--;
    }
    if (station + 1 < STATIONS) enter(station + 1, job);
  });
  const arrival = sim.eventType('arrival', (job) => {
    enter(0, job);
    const gapNs = Math.floor((gaps.exponential() * SERVICE_NS) / (SERVERS * LOAD));
    sim.schedule(gapNs, arrival, (job + 1) & 0xffff);
  });
  sim.schedule(0, arrival);
  return driver(sim);
}

/**
 * Nodes that renew a lease every 10 s and a timeout of 40 s that never fires; one unit of work is a
 * renewal.
 */
export function makeHeartbeats(nodes: number, timers: 'cancelled' | 'lazy'): Work {
  const sim = new Simulation({ seed: 'heartbeats', horizonNs: HORIZON_NS });
  const phase = sim.stream('phase');
  const expire = sim.eventType('expire', () => {});
  const ids = new Float64Array(nodes);
  const dogs = new Watchdogs(sim, 'lease', nodes, () => {});
  let beats = 0;
  const beat = sim.eventType('beat', (node) => {
    beats++;
    sim.schedule(10e9, beat, node);
    if (timers === 'lazy') {
      dogs.set(node, sim.nowNs + 40e9);
    } else {
      sim.cancel(ids[node]);
      ids[node] = sim.schedule(40e9, expire, node);
    }
  });
  for (let node = 0; node < nodes; node++) {
    sim.schedule(phase.below(10e8) * 10, beat, node);
  }
  return (count) => {
    for (const end = beats + count; beats < end; ) sim.advance(Math.max(1, (end - beats) >> 1));
  };
}
