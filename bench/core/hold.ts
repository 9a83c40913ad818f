/**
 * The HOLD model (Jones 1986): a queue of constant size; one hold takes the earliest event and
 * schedules one anew. Measures the event queue alone.
 */
import FastPriorityQueue from 'fast-priority-queue';
import { EventStore } from '../../src/core/event-store.ts';
import { TwoTierQueue } from '../../src/core/queue/two-tier-queue.ts';
import { Sfc32 } from '../../src/core/stream.ts';

export type Increments = 'exponential' | 'ties' | 'constant';
export type HoldQueue = 'two-tier' | 'fastpriorityqueue';

/** Does so many holds. */
export type Work = (count: number) => void;

const TABLE = 2 ** 16;

/**
 * Increments with a mean of about 1 s: exponential; 0 to 20 steps of 0.1 s, a tenth of them 0;
 * always 1 s.
 */
function incrementsOf(kind: Increments): Float64Array {
  const random = new Sfc32(1, 2, 3, 4);
  const table = new Float64Array(TABLE);
  for (let i = 0; i < TABLE; i++) {
    if (kind === 'exponential') table[i] = Math.floor(random.exponential() * 1e9);
    else if (kind === 'ties') table[i] = random.below(10) === 0 ? 0 : random.below(21) * 1e8;
    else table[i] = 1e9;
  }
  return table;
}

export function makeHold(queue: HoldQueue, pending: number, kind: Increments): Work {
  const increments = incrementsOf(kind);
  return queue === 'two-tier' ? twoTier(pending, increments) : objects(pending, increments);
}

function twoTier(pending: number, increments: Float64Array): Work {
  const store = new EventStore();
  const queue = new TwoTierQueue(store, 8.64e15);
  let sequence = 0;
  for (let i = 0; i < pending; i++) {
    const slot = store.allocate();
    store.floats[slot * 6] = increments[i % TABLE];
    store.floats[slot * 6 + 1] = sequence++;
    store.ints[slot * 12 + 8] = 0;
    store.ints[slot * 12 + 9] = 0;
    store.ints[slot * 12 + 10] = 0;
    queue.insert(slot);
  }
  let draw = 0;
  return (count) => {
    for (let i = 0; i < count; i++) {
      const slot = queue.take();
      store.floats[slot * 6] += increments[draw++ % TABLE];
      store.floats[slot * 6 + 1] = sequence++;
      queue.insert(slot);
    }
  };
}

interface ObjectEvent {
  readonly time: number;
  readonly sequence: number;
  readonly slot: number;
  readonly type: number;
}

/** The plain use of the package: one object per event, a comparator of (time, sequence). */
function objects(pending: number, increments: Float64Array): Work {
  const queue = new FastPriorityQueue<ObjectEvent>(
    (x, y) => x.time < y.time || (x.time === y.time && x.sequence < y.sequence),
  );
  let sequence = 0;
  for (let i = 0; i < pending; i++) {
    queue.add({ time: increments[i % TABLE], sequence: sequence++, slot: i, type: 0 });
  }
  let draw = 0;
  return (count) => {
    for (let i = 0; i < count; i++) {
      const event = queue.poll();
      if (event === undefined) return;
      const time = event.time + increments[draw++ % TABLE];
      queue.add({ time, sequence: sequence++, slot: event.slot, type: 0 });
    }
  };
}
