/**
 * What watchers are told of one change: made once, whoever asks, however many they are. The first
 * event that is made of a change stands for it, the others (it is rare that there are) follow it.
 */
import type { KeyEvent } from '../../etcd/index.ts';
import type { KubeObject, WatchEvent, WatchEventType } from '../../objects/index.ts';

/** An event, and of a change's first one: who has encoded it, and what else it is to watchers. */
export class ChangeEvent implements WatchEvent {
  readonly type: WatchEventType;
  readonly object: KubeObject | null;
  readonly resourceVersion: number;
  readonly initialEventsEnd: boolean;
  readonly reason = '';
  /** Bit i: replica i has encoded the change. */
  encodedBy = 0;
  next: ChangeEvent | null = null;

  constructor(
    type: WatchEventType,
    object: KubeObject | null,
    resourceVersion: number,
    initialEventsEnd: boolean,
  ) {
    this.type = type;
    this.object = object;
    this.resourceVersion = resourceVersion;
    this.initialEventsEnd = initialEventsEnd;
  }
}

export function currentOf(event: KeyEvent): KubeObject | null {
  return event.value as KubeObject | null;
}

export function previousOf(event: KeyEvent): KubeObject | null {
  return event.previous as KubeObject | null;
}

/** The change as an event of this type; leaving a selector is a delete of the version before. */
export function watchEvent(event: KeyEvent, type: 'ADDED' | 'MODIFIED' | 'DELETED'): WatchEvent {
  const first = event.view as ChangeEvent | null;
  for (let view = first; view !== null; view = view.next) if (view.type === type) return view;
  const object = type === 'DELETED' ? previousOf(event) : currentOf(event);
  const made = new ChangeEvent(type, object, event.revision, false);
  if (first === null) event.view = made;
  else {
    made.next = first.next;
    first.next = made;
  }
  return made;
}

export function makeEvent(
  type: WatchEventType,
  object: KubeObject | null,
  resourceVersion: number,
  initialEventsEnd = false,
): WatchEvent {
  return new ChangeEvent(type, object, resourceVersion, initialEventsEnd);
}

/** True the first time that this replica asks, of a change that has events: it has to encode it. */
export function encodesFirst(event: KeyEvent, replica: number): boolean {
  const view = event.view as ChangeEvent;
  const bit = 1 << (replica & 31);
  if ((view.encodedBy & bit) !== 0) return false;
  view.encodedBy |= bit;
  return true;
}
