/**
 * What a delete does to an object (kubernetes/apiserver pkg/registry/rest/delete.go,
 * registry/generic/registry/store.go; kubernetes pkg/registry/core/pod/strategy.go
 * CheckGracefulDelete): at once, or first marked until its grace is over and its finalizers are
 * gone.
 */

import type { ApiCall } from '../objects/index.ts';
import { isTerminal, type KubeObject, type Pod } from '../objects/index.ts';

/** An update function says so where the object is to be removed instead. */
export const REMOVE = 'wavetank: remove';

export function graceOf(object: KubeObject, askedNs: number | undefined): number {
  if (object.resource !== 'pods') return 0;
  const pod = object as Pod; // By its resource.
  if (pod.nodeName === '' || isTerminal(pod)) return 0;
  return askedNs ?? pod.spec.terminationGraceNs;
}

/**
 * The version that a delete makes of the current one: marked for deletion, the object itself where
 * that changes nothing, or REMOVE where nothing holds it any more.
 */
export function markDeleted(
  object: KubeObject,
  call: ApiCall,
  nowNs: number,
): KubeObject | typeof REMOVE {
  const { meta } = object;
  let graceNs = graceOf(object, call.graceNs);
  const finalizers = finalizersOf(meta.finalizers, call.propagation);
  if (graceNs === 0 && finalizers.length === 0) return REMOVE;
  const marked = !Number.isNaN(meta.deletedNs);
  // A grace is only ever shortened.
  if (marked) graceNs = Math.min(graceNs, meta.deletionGraceNs);
  if (marked && graceNs === meta.deletionGraceNs && finalizers.length === meta.finalizers.length) {
    return object;
  }
  const after: KubeObject = {
    ...object,
    resourceVersion: 0,
    meta: {
      ...meta,
      finalizers,
      deletedNs: marked ? meta.deletedNs : nowNs,
      deletionGraceNs: graceNs,
    },
  };
  return object.resource === 'namespaces' ? Object.assign(after, { phase: 'Terminating' }) : after;
}

/** An update has taken away the last that held a deleted object (`ShouldDeleteDuringUpdate`). */
export function isReleased(before: KubeObject, after: KubeObject): boolean {
  const { meta } = after;
  return (
    !Number.isNaN(meta.deletedNs) &&
    meta.finalizers.length === 0 &&
    meta.deletionGraceNs === 0 &&
    before.meta.finalizers.length > 0
  );
}

function finalizersOf(
  finalizers: readonly string[],
  propagation: ApiCall['propagation'],
): readonly string[] {
  let added = '';
  if (propagation === 'Foreground') added = 'foregroundDeletion';
  if (propagation === 'Orphan') added = 'orphan';
  return added === '' || finalizers.includes(added) ? finalizers : [...finalizers, added];
}
