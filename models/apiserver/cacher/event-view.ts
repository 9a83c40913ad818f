/** What watchers are told of one change: made once, whoever asks, however many they are. */
import type { KeyEvent } from '../../etcd/index.ts';
import type { KubeObject, WatchEvent, WatchEventType } from '../../objects/index.ts';

class EventView {
  added: WatchEvent | null = null;
  modified: WatchEvent | null = null;
  deleted: WatchEvent | null = null;
  /** Bit i: replica i has encoded it. */
  encodedBy = 0;
}

export function currentOf(event: KeyEvent): KubeObject | null {
  return event.value as KubeObject | null;
}

export function previousOf(event: KeyEvent): KubeObject | null {
  return event.previous as KubeObject | null;
}

function viewOf(event: KeyEvent): EventView {
  if (event.view === null) event.view = new EventView();
  return event.view as EventView;
}

/** The change as an event of this type; leaving a selector is a delete of the version before. */
export function watchEvent(event: KeyEvent, type: 'ADDED' | 'MODIFIED' | 'DELETED'): WatchEvent {
  const view = viewOf(event);
  const { revision } = event;
  if (type === 'ADDED') {
    view.added ??= makeEvent(type, currentOf(event), revision);
    return view.added;
  }
  if (type === 'MODIFIED') {
    view.modified ??= makeEvent(type, currentOf(event), revision);
    return view.modified;
  }
  view.deleted ??= makeEvent(type, previousOf(event), revision);
  return view.deleted;
}

export function makeEvent(
  type: WatchEventType,
  object: KubeObject | null,
  resourceVersion: number,
  initialEventsEnd = false,
): WatchEvent {
  return { type, object, resourceVersion, initialEventsEnd, reason: '' };
}

/** True the first time that this replica asks: it has to encode it. */
export function encodesFirst(event: KeyEvent, replica: number): boolean {
  const view = viewOf(event);
  const bit = 1 << (replica & 31);
  if ((view.encodedBy & bit) !== 0) return false;
  view.encodedBy |= bit;
  return true;
}
