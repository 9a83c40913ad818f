/** What a verb of a fault does: acts, and says how to undo it. */
import type { FaultAction } from '../../src/scenario/types.ts';
import type { FaultWorld } from './world.ts';

export type Undo = () => void;

/** What each of several targets has to undo, in their order. */
export function undoAll(undos: readonly (Undo | null)[]): Undo {
  return () => {
    for (const undo of undos) undo?.();
  };
}

/** `forNs`: how long it lasts; null where there is nothing to undo. */
export type FaultHandler<A> = (action: A, world: FaultWorld, forNs: number) => Undo | null;

/** The handlers of some verbs. */
export type FaultHandlers<K extends FaultAction['kind']> = {
  readonly [V in K]: FaultHandler<Extract<FaultAction, { readonly kind: V }>>;
};
