/**
 * Health of zones, and how fast nodes in them are tainted: ComputeZoneState, handleDisruption and
 * the rate functions of kubernetes/pkg/controller/nodelifecycle/node_lifecycle_controller.go. Pure.
 */

export type ZoneState = 'Initial' | 'Normal' | 'PartialDisruption' | 'FullDisruption';

export interface ZoneRates {
  /** --node-eviction-rate, nodes per second. */
  readonly evictionRate: number;
  /** --secondary-node-eviction-rate. */
  readonly secondaryRate: number;
  /** --large-cluster-size-threshold, nodes. */
  readonly largeClusterThreshold: number;
  /** --unhealthy-zone-threshold. */
  readonly unhealthyThreshold: number;
}

export interface ZoneCount {
  readonly ready: number;
  readonly notReady: number;
}

export function zoneStateOf(count: ZoneCount, rates: ZoneRates): ZoneState {
  const { ready, notReady } = count;
  if (ready === 0 && notReady > 0) return 'FullDisruption';
  if (notReady > 2 && notReady / (notReady + ready) >= rates.unhealthyThreshold) {
    return 'PartialDisruption';
  }
  return 'Normal';
}

/** setLimiterInZone: nodes per second that may be tainted NoExecute; 0 = none. */
export function taintRate(state: ZoneState, zoneSize: number, rates: ZoneRates): number {
  if (state !== 'PartialDisruption') return rates.evictionRate;
  return zoneSize > rates.largeClusterThreshold ? rates.secondaryRate : 0;
}

export type Disruption =
  /** All zones have just gone down: taints come off, queues stop. */
  | 'enterFull'
  /** The first zone is back: probe times and rates begin anew. */
  | 'exitFull'
  /** All zones are and were down: nothing to do. */
  | 'stayFull'
  /** Zone by zone. */
  | 'perZone';

export function disruptionOf(
  before: ReadonlyMap<string, ZoneState>,
  now: ReadonlyMap<string, ZoneState>,
): Disruption {
  const allAre = everyFull(now);
  const allWere = everyFull(before);
  if (allAre) return allWere ? 'stayFull' : 'enterFull';
  return allWere ? 'exitFull' : 'perZone';
}

/** As in Go, where the loops end with true for no zones at all. */
function everyFull(states: ReadonlyMap<string, ZoneState>): boolean {
  for (const state of states.values()) if (state !== 'FullDisruption') return false;
  return true;
}
