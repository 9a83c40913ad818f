/**
 * The zones of the node lifecycle controller: how many of their nodes are ready, in which state
 * they are, and which nodes wait there to be tainted NoExecute.
 *
 * Follows handleDisruption, setLimiterInZone and zoneNoExecuteTainter of
 * kubernetes/pkg/controller/nodelifecycle/node_lifecycle_controller.go.
 */
import type { Counter, Level } from '../../src/metrics/index.ts';
import type { ControllerEnvironment } from './environment.ts';
import { RateLimitedTimedQueue } from './rate-limited-timed-queue.ts';
import {
  type Disruption,
  disruptionOf,
  taintRate,
  type ZoneRates,
  type ZoneState,
  zoneStateOf,
} from './zone-state.ts';

/** A failed taint is tried again after NodeEvictionPeriod. */
const RETRY_NS = 100e6;

interface Zone {
  readonly name: string;
  readonly queue: RateLimitedTimedQueue;
  ready: number;
  notReady: number;
  readonly size: Level;
  readonly unhealthy: Level;
  readonly evictions: Counter;
}

export class ZoneTainter {
  readonly #env: ControllerEnvironment;
  readonly #rates: ZoneRates;
  readonly #zones = new Map<string, Zone>();
  /** The one that was asked for last: most nodes are of the zone of the node before. */
  #last: Zone | null = null;
  #states = new Map<string, ZoneState>();

  constructor(env: ControllerEnvironment) {
    this.#env = env;
    const { scenario } = env;
    this.#rates = {
      evictionRate: scenario.nodeEvictionRate,
      secondaryRate: scenario.secondaryNodeEvictionRate,
      largeClusterThreshold: scenario.largeClusterSizeThreshold,
      unhealthyThreshold: scenario.unhealthyZoneThreshold,
    };
  }

  ensure(name: string): Zone {
    if (this.#last !== null && this.#last.name === name) return this.#last;
    this.#last = this.#zones.get(name) ?? this.#add(name);
    return this.#last;
  }

  #add(name: string): Zone {
    const { metrics, sim } = this.#env;
    const labels = { zone: name };
    const zone: Zone = {
      name,
      queue: new RateLimitedTimedQueue(this.#rates.evictionRate, sim.nowNs),
      ready: 0,
      notReady: 0,
      size: metrics.level('node_collector_zone_size', labels),
      unhealthy: metrics.level('node_collector_unhealthy_nodes_in_zone', labels),
      evictions: metrics.counter('node_collector_evictions_total', labels),
    };
    this.#zones.set(name, zone);
    this.#states.set(name, 'Initial');
    return zone;
  }

  countStart(): void {
    for (const zone of this.#zones.values()) {
      zone.ready = 0;
      zone.notReady = 0;
    }
  }

  count(name: string, ready: boolean): void {
    const zone = this.ensure(name);
    if (ready) zone.ready++;
    else zone.notReady++;
  }

  /** All nodes are counted: new states, new rates. */
  countEnd(): Disruption {
    const { nowNs } = this.#env.sim;
    const states = new Map<string, ZoneState>();
    for (const [name, zone] of this.#zones) {
      if (zone.ready + zone.notReady === 0) continue;
      states.set(name, zoneStateOf(zone, this.#rates));
      zone.size.set(nowNs, zone.ready + zone.notReady);
      zone.unhealthy.set(nowNs, zone.notReady);
    }
    const before = this.#states;
    const kind = disruptionOf(before, states);
    for (const [name, state] of states) {
      const zone = this.#zones.get(name)!;
      const size = zone.ready + zone.notReady;
      if (kind === 'enterFull') zone.queue.setRate(0, nowNs);
      else if (kind === 'exitFull' || (kind === 'perZone' && before.get(name) !== state)) {
        zone.queue.setRate(taintRate(state, size, this.#rates), nowNs);
      }
    }
    this.#states = states;
    return kind;
  }

  stateOf(name: string): ZoneState {
    return this.#states.get(name) ?? 'Initial';
  }

  add(zone: string, node: string): void {
    this.ensure(zone).queue.add(node, this.#env.sim.nowNs);
  }

  remove(zone: string, node: string): void {
    const known = this.#last?.name === zone ? this.#last : this.#zones.get(zone);
    known?.queue.remove(node);
  }

  retry(zone: string, node: string): void {
    const atNs = this.#env.sim.nowNs + RETRY_NS;
    this.#zones.get(zone)?.queue.retry(node, atNs);
  }

  countEviction(zone: string): void {
    this.#zones.get(zone)?.evictions.add();
  }

  /** The next node whose turn it is, in any zone. */
  next(): { readonly zone: string; readonly name: string } | null {
    for (const [zone, { queue }] of this.#zones) {
      const name = queue.next(this.#env.sim.nowNs);
      if (name !== null) return { zone, name };
    }
    return null;
  }
}
