/**
 * What others see of the watch cache of one resource in one replica (kubernetes/apiserver
 * pkg/storage/cacher).
 */
import type { KubeObject, ResourceName } from '../../objects/index.ts';

export interface Cacher {
  readonly resource: ResourceName;
  /** Filled by its first LIST, and not in the middle of another one. */
  readonly isReady: boolean;
  /** Revision that it has reached (by events and progress notifications). */
  readonly resourceVersion: number;
  /** Objects in it. */
  readonly size: number;
  /** Bytes of the objects in it. */
  readonly bytes: number;
  /** Open watches, members counted; and of them those that a change of `object` concerns. */
  readonly watchers: number;
  interestedWatchers(object: KubeObject): number;
  /** As of `resourceVersion`, and nothing is charged. */
  get(path: string): KubeObject | undefined;
  /** Objects in the order in which they came. */
  values(): Iterable<KubeObject>;
}

/** One open watch. */
export interface CacheWatch {
  /** The client went away, or the server ends it: nothing is sent any more, `end` is not called. */
  stop(): void;
  /** False once it was stopped or terminated (then `sink.end` was called with the reason). */
  readonly isOpen: boolean;
  /** Last resourceVersion that was sent. */
  readonly resourceVersion: number;
}
