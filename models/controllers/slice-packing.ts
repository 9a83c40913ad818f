/**
 * How the endpoints of a service are put into slices with as few writes as possible. Pure.
 *
 * Follows reconcileByPortMapping and finalize of
 * kubernetes/staging/src/k8s.io/endpointslice/reconciler.go.
 * Left out: several port mappings and address families (each would be packed by itself), topology
 * hints.
 */
import type { Endpoint, EndpointSlice } from '../objects/index.ts';

export interface SliceChanges {
  readonly create: readonly (readonly Endpoint[])[];
  readonly update: readonly {
    readonly slice: EndpointSlice;
    readonly endpoints: readonly Endpoint[];
  }[];
  readonly remove: readonly EndpointSlice[];
}

interface Draft {
  readonly slice: EndpointSlice;
  readonly endpoints: Endpoint[];
}

/** `desired` by uid of the pod; it is emptied. */
export function packSlices(
  existing: readonly EndpointSlice[],
  desired: Map<number, Endpoint>,
  endpointsMax: number,
): SliceChanges {
  const unchanged: EndpointSlice[] = [];
  const changed: Draft[] = [];
  const emptied: EndpointSlice[] = [];
  const wantsAny = desired.size > 0;
  // 1. Drop what is not desired any more, update what differs.
  for (const slice of existing) {
    const kept = keepDesired(slice, desired);
    if (kept === null) unchanged.push(slice);
    else if (kept.length === 0) emptied.push(slice);
    else changed.push({ slice, endpoints: kept });
  }
  // 2. Fill up slices that are written anyway, the fullest first.
  changed.sort((a, b) => b.endpoints.length - a.endpoints.length);
  for (const draft of changed) take(desired, draft.endpoints, endpointsMax);
  // 3. What is left goes to the fullest unchanged slice that has room for all, or to new ones.
  const created: Endpoint[][] = [];
  while (desired.size > 0) {
    const fits = desired.size < endpointsMax ? bestFit(unchanged, desired.size, endpointsMax) : -1;
    if (fits >= 0) {
      const [slice] = unchanged.splice(fits, 1);
      const endpoints = [...slice.endpoints];
      take(desired, endpoints, endpointsMax);
      changed.push({ slice, endpoints });
    } else {
      const endpoints: Endpoint[] = [];
      take(desired, endpoints, endpointsMax);
      created.push(endpoints);
    }
  }
  return settle(created, changed, emptied, unchanged.length, wantsAny);
}

/** Deletes become updates where something is created; one empty slice stays as placeholder. */
function settle(
  created: Endpoint[][],
  changed: Draft[],
  emptied: EndpointSlice[],
  unchanged: number,
  wantsAny: boolean,
): SliceChanges {
  while (created.length > 0 && emptied.length > 0) {
    const slice = emptied.shift()!;
    changed.push({ slice, endpoints: created.shift()! });
  }
  if (!wantsAny && unchanged === 0 && changed.length === 0) {
    const placeholder = emptied.find((slice) => slice.endpoints.length === 0);
    const kept = placeholder ?? emptied[0];
    if (kept === undefined) created.push([]);
    else {
      emptied.splice(emptied.indexOf(kept), 1);
      if (kept.endpoints.length > 0) changed.push({ slice: kept, endpoints: [] });
    }
  }
  return { create: created, update: changed, remove: emptied };
}

/** Null: nothing to change. Takes what it keeps from `desired`. */
function keepDesired(slice: EndpointSlice, desired: Map<number, Endpoint>): Endpoint[] | null {
  let differs = slice.endpoints.length === 0;
  const kept: Endpoint[] = [];
  for (const endpoint of slice.endpoints) {
    const wanted = desired.get(endpoint.podUid);
    if (wanted === undefined) {
      differs = true;
      continue;
    }
    desired.delete(endpoint.podUid);
    if (!sameEndpoint(wanted, endpoint)) differs = true;
    kept.push(wanted);
  }
  return differs ? kept : null;
}

/** EndpointsEqualBeyondHash. */
export function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return a.nodeName === b.nodeName && a.ready === b.ready && a.terminating === b.terminating;
}

function take(desired: Map<number, Endpoint>, into: Endpoint[], max: number): void {
  for (const [uid, endpoint] of desired) {
    if (into.length >= max) return;
    desired.delete(uid);
    into.push(endpoint);
  }
}

/** getSliceToFill: index of the fullest slice where all still fit; -1 none. */
function bestFit(slices: readonly EndpointSlice[], count: number, max: number): number {
  let best = -1;
  for (let i = 0; i < slices.length; i++) {
    const length = slices[i].endpoints.length;
    if (length + count > max) continue;
    if (best < 0 || length > slices[best].endpoints.length) best = i;
  }
  return best;
}
