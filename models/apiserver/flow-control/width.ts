/**
 * Seats that a request takes (kubernetes/apiserver pkg/util/flowcontrol/request width.go,
 * list_work_estimator.go, mutating_work_estimator.go; max_seats.go).
 */
import type { ApiCall } from '../../objects/index.ts';
import type { Ticket } from './ticket.ts';

/** Least and most; the cap of a level is below (`seatsMax`). */
const LIST_SEATS_MAX = 100;
/** Of lists before they are estimated by size, and of writes. */
const SEATS_MAX = 10;
const OBJECTS_PER_SEAT = 100;
const BYTES_PER_SEAT = 100_000;
const CACHED_BYTES_MAX = 1_000_000;
const OBJECT_BYTES_MAX = 1_500_000;
const WATCHES_PER_SEAT = 10;
/** What each tenth watcher's seat is taken for. */
const EVENT_NS = 5e6;

/** What is known of a resource when one of its requests comes. */
export interface ResourceStats {
  /** Objects stored; -1 = no longer known (counts are stale). */
  readonly objectCount: number;
  /** 0 = not known. */
  readonly averageBytes: number;
}

/** A request takes at most 15 % of its level, and no more than one seat of each queue's share. */
export function seatsMax(levelSeats: number, handSize: number): number {
  const share = Math.ceil(levelSeats * 0.15);
  const queued = handSize > 0 ? Math.floor(levelSeats / handSize) : share;
  return Math.max(1, Math.min(share, queued));
}

/** Lists, and watches that begin with all objects. */
export function listSeats(
  call: ApiCall,
  stats: ResourceStats,
  fromCache: boolean,
  bySize: boolean,
  levelMax: number,
): number {
  const most = Math.min(levelMax, bySize ? LIST_SEATS_MAX : SEATS_MAX);
  const stale = stats.objectCount < 0;
  if (stale) return most;
  const limit = call.limit ?? 0;
  const limited = limit > 0 ? Math.min(limit, stats.objectCount) : stats.objectCount;
  const single = call.fieldSelector?.field === 'metadata.name';
  const selects = call.fieldSelector !== undefined || call.labelSelector !== undefined;
  let seats: number;
  if (bySize) {
    let objects = limited;
    if (single) objects = 1;
    else if (!fromCache && selects) objects = Math.max(limited, Math.floor(stats.objectCount / 2));
    const averageBytes = stats.averageBytes > 0 ? stats.averageBytes : OBJECT_BYTES_MAX;
    let bytes = stats.objectCount === 0 ? 0 : objects * averageBytes;
    if (fromCache) bytes = Math.min(bytes, CACHED_BYTES_MAX);
    seats = Math.ceil(bytes / BYTES_PER_SEAT);
  } else {
    let objects = 2 * limited;
    if (single) objects = 1;
    else if (fromCache) objects = stats.objectCount;
    else if (selects) objects = stats.objectCount + limited;
    seats = Math.ceil(objects / OBJECTS_PER_SEAT);
  }
  return Math.max(1, Math.min(seats, most));
}

/**
 * Writes: a seat while it runs, then what telling `watchers` costs, as a rectangle that is no wider
 * than the cap.
 */
export function setMutatingSeats(ticket: Ticket, watchers: number, levelMax: number): void {
  ticket.initialSeats = 1;
  ticket.finalSeats = 0;
  ticket.additionalNs = 0;
  if (watchers < WATCHES_PER_SEAT) return;
  const wide = Math.ceil(watchers / WATCHES_PER_SEAT);
  const seats = Math.min(wide, levelMax, SEATS_MAX);
  ticket.finalSeats = seats;
  ticket.additionalNs = Math.round((wide * EVENT_NS) / seats);
}
