/** Priority and fairness: seats, hands, queues, widths, against arithmetic and slow oracles. */
import * as assert from 'node:assert/strict';
import fc from 'fast-check';
import { suite } from 'uvu';
import { allocateSeats } from '../../../models/apiserver/flow-control/allocation.ts';
import { flowSchemas, priorityLevels } from '../../../models/apiserver/flow-control/bootstrap.ts';
import { Classifier } from '../../../models/apiserver/flow-control/classifier.ts';
import { dealHand } from '../../../models/apiserver/flow-control/dealer.ts';
import { DroppedRequests } from '../../../models/apiserver/flow-control/dropped-requests.ts';
import { QueueSet } from '../../../models/apiserver/flow-control/queue-set.ts';
import { SeatDemand } from '../../../models/apiserver/flow-control/seat-demand.ts';
import { Ticket } from '../../../models/apiserver/flow-control/ticket.ts';
import {
  listSeats,
  seatsMax,
  setMutatingSeats,
} from '../../../models/apiserver/flow-control/width.ts';
import type { ApiCall, User } from '../../../models/objects/index.ts';
import { QueueSetOracle } from '../../oracles/queue-set.ts';
import { allocateByBisection } from '../../oracles/seat-allocation.ts';
import { MS, S } from '../../support/scenario.ts';

const test = suite('apiserver/flow-control');
const HAND = [0];

function ticket(owner: number, seats = 1): Ticket {
  const made = new Ticket(owner);
  made.initialSeats = seats;
  return made;
}

// --- Seats of the levels -------------------------------------------------------------------------

test('Seats without bounds are in proportion to the targets.', () => {
  const free = { lowerBound: 0, upperBound: 1000 };
  assert.deepEqual(
    allocateSeats(60, [
      { ...free, target: 10 },
      { ...free, target: 20 },
    ]),
    [20, 40],
  );
});

test('A level at its lower bound leaves the rest to the others.', () => {
  // 100 seats; the first keeps 50 though its share of 100 x 50/250 is 20.
  const classes = [
    { lowerBound: 50, upperBound: 1000, target: 50 },
    { lowerBound: 0, upperBound: 1000, target: 200 },
  ];
  assert.deepEqual(allocateSeats(100, classes), [50, 50]);
});

const allocationClass = fc
  .tuple(fc.nat(100), fc.nat(100), fc.nat(400))
  .map(([lowerBound, above, room]) => ({
    lowerBound,
    target: lowerBound + above,
    upperBound: lowerBound + room,
  }));

test('Allocations are those of bisection, and add up to all seats.', () => {
  fc.assert(
    fc.property(
      fc.array(allocationClass, { minLength: 1, maxLength: 9 }),
      fc.nat(1000),
      (classes, x) => {
        const low = classes.reduce((n, c) => n + c.lowerBound, 0);
        const high = classes.reduce((n, c) => n + c.upperBound, 0);
        const sum = low + Math.floor(((high - low) * x) / 1000);
        const seats = allocateSeats(sum, classes)!;
        assert.ok(Math.abs(seats.reduce((a, b) => a + b, 0) - sum) < 1e-6);
        const slow = allocateByBisection(sum, classes);
        seats.forEach((n, i) => {
          assert.ok(Math.abs(n - slow[i]) < 1e-5, `${n} is not ${slow[i]}`);
        });
      },
    ),
  );
});

test('Bounds that cannot add up to the seats are refused.', () => {
  assert.equal(allocateSeats(10, [{ lowerBound: 11, target: 11, upperBound: 20 }]), null);
  assert.equal(allocateSeats(30, [{ lowerBound: 11, target: 11, upperBound: 20 }]), null);
});

test('Demand rises at once and falls slowly.', () => {
  const demand = new SeatDemand();
  demand.set(0, 10);
  demand.update(10 * S);
  // Mean 10, no deviation.
  assert.equal(demand.smoothed, 10);
  demand.set(10 * S, 0);
  demand.update(20 * S);
  assert.ok(Math.abs(demand.smoothed - 9.77) < 1e-9);
  // Half of the time at 4 is a mean of 2 and a deviation of 2.
  demand.set(25 * S, 4);
  demand.update(30 * S);
  assert.ok(Math.abs(demand.smoothed - (0.977 * 9.77 + 0.023 * 4)) < 1e-9);
  assert.equal(demand.highWatermark, 4);
});

// --- Flows ---------------------------------------------------------------------------------------

test('A hand has different queues, and the same flow always the same ones.', () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 8, max: 128 }), (flow, deck) => {
      const hand = [...dealHand(flow, deck, 6)];
      assert.equal(new Set(hand).size, 6);
      assert.ok(hand.every((card) => card >= 0 && card < deck));
      assert.deepEqual(hand, [...dealHand(flow, deck, 6)]);
    }),
  );
});

test('Hands are spread evenly over the queues.', () => {
  const counts = new Array<number>(64).fill(0);
  for (let i = 0; i < 3200; i++) for (const card of dealHand(`flow-${i}`, 64, 6)) counts[card]++;
  // 3200 x 6 / 64 = 300 each, deviation 17.
  assert.ok(
    counts.every((n) => n > 215 && n < 385),
    counts.join(' '),
  );
});

function user(name: string, ...groups: string[]): User {
  return { name, groups, agent: '', authentication: 'x509' };
}

test('Requests fall under the flow schemas of the bootstrap configuration.', () => {
  const levels = priorityLevels([]);
  const schemas = flowSchemas([]);
  const classifier = new Classifier(schemas, levels);
  const kinds: string[] = [];
  const levelOf = (u: User, call: ApiCall) => {
    const kind = kinds.indexOf(JSON.stringify(call));
    if (kind < 0) kinds.push(JSON.stringify(call));
    const flow = classifier.classify(u, call, kind < 0 ? kinds.length - 1 : kind);
    return `${schemas[flow.schema].name} ${levels[flow.level].name}`;
  };
  const kubelet = user('system:node:a', 'system:nodes');
  const lease: ApiCall = { verb: 'update', resource: 'leases', path: 'kube-system/x' };
  const pods: ApiCall = { verb: 'list', resource: 'pods' };
  assert.equal(levelOf(kubelet, lease), 'system-node-high node-high');
  assert.equal(
    levelOf(kubelet, { verb: 'patch', resource: 'nodes', subresource: 'status', path: 'a' }),
    'system-node-high node-high',
  );
  assert.equal(levelOf(kubelet, pods), 'system-nodes system');
  const kcm = user('system:kube-controller-manager');
  assert.equal(levelOf(kcm, lease), 'system-leader-election leader-election');
  assert.equal(levelOf(kcm, pods), 'kube-controller-manager workload-high');
  const account = user('system:serviceaccount:kube-system:replicaset-controller');
  assert.equal(levelOf(account, pods), 'kube-system-service-accounts workload-high');
  const other = user('system:serviceaccount:default:x');
  assert.equal(levelOf(other, pods), 'service-accounts workload-low');
  assert.equal(levelOf(user('a'), pods), 'global-default global-default');
  assert.equal(levelOf(user('b', 'system:masters'), pods), 'exempt exempt');
  const probe: ApiCall = { verb: 'get', resource: 'pods', subresource: 'healthz' };
  assert.equal(levelOf(user('a'), probe), 'probes exempt');
});

test('The controller manager has a flow for each namespace, nodes one each.', () => {
  const classifier = new Classifier(flowSchemas([]), priorityLevels([]));
  const kcm = user('system:kube-controller-manager');
  const of = (u: User, namespace: string) =>
    classifier.classify(u, { verb: 'list', resource: 'pods', namespace }, 0).hand;
  assert.equal(of(kcm, 'a'), of(kcm, 'a'));
  assert.notDeepEqual(of(kcm, 'a'), of(kcm, 'b'));
  assert.equal(of(user('x'), 'a'), of(user('x'), 'b'));
});

test('A scenario puts schemas and levels beside and over those of the bootstrap.', () => {
  const given = {
    name: 'mine',
    shares: 5,
    lendablePercent: 0,
    borrowingLimitPercent: Infinity,
    limitResponse: 'Reject',
    queues: 9,
    handSize: 2,
    queueLengthLimit: 9,
  } as const;
  const levels = priorityLevels([given, { ...given, name: 'system', shares: 7 }]);
  assert.equal(levels.at(-1)?.queues, 0);
  assert.equal(levels.find((l) => l.name === 'system')?.shares, 7);
  const schemas = flowSchemas([
    {
      name: 'mine',
      priorityLevel: 'mine',
      precedence: 50,
      distinguisher: 'none',
      users: ['a'],
      groups: [],
      verbs: ['list'],
      resources: ['*'],
    },
  ]);
  const classifier = new Classifier(schemas, levels);
  const at = (call: ApiCall) =>
    schemas[classifier.classify(user('a'), call, call.verb.length).schema].name;
  assert.equal(at({ verb: 'list', resource: 'pods' }), 'mine');
  assert.equal(at({ verb: 'get', resource: 'pods', path: 'x' }), 'global-default');
});

// --- Widths --------------------------------------------------------------------------------------

test('The widest request of a level takes 15 % of it, or its part of the hands.', () => {
  // workload-low: min(ceil(36.75), floor(245 / 6) = 40) = 37; leader-election: min(4, 6).
  assert.deepEqual(
    [seatsMax(245, 6), seatsMax(25, 4), seatsMax(13, 0), seatsMax(5, 6)],
    [37, 4, 2, 1],
  );
});

test('Lists are as wide as what they read: by count before 1.34, by bytes since.', () => {
  const list: ApiCall = { verb: 'list', resource: 'pods' };
  const stats = { objectCount: 900, averageBytes: 5000 };
  // 900 objects from the cache: 9 seats of 100; from etcd twice as many, at most 10.
  assert.equal(listSeats(list, stats, true, false, 37), 9);
  assert.equal(listSeats(list, stats, false, false, 37), 10);
  // 4.5 MB: 10 seats of a cached megabyte, or 45 of what etcd gives, at most 37.
  assert.equal(listSeats(list, stats, true, true, 37), 10);
  assert.equal(listSeats(list, stats, false, true, 37), 37);
  assert.equal(listSeats({ ...list, limit: 20 }, stats, false, true, 37), 1);
  assert.equal(listSeats({ ...list, limit: 100 }, stats, false, true, 37), 5);
  // With a selector etcd gives at least half of all.
  const selected = { ...list, limit: 20, labelSelector: { requirements: [] } };
  assert.equal(listSeats(selected, stats, false, true, 37), 23);
  // Stale counts: as wide as may be.
  assert.equal(listSeats(list, { ...stats, objectCount: -1 }, true, true, 37), 37);
});

test('A write holds seats afterwards for those who watch: half a millisecond of a seat each.', () => {
  const t = ticket(0);
  setMutatingSeats(t, 9, 37);
  assert.deepEqual([t.initialSeats, t.finalSeats, t.additionalNs], [1, 0, 0]);
  setMutatingSeats(t, 41, 37);
  assert.deepEqual([t.finalSeats, t.additionalNs], [5, 5 * MS]);
  // 5000 watchers: 500 seats x 5 ms as 10 seats x 250 ms.
  setMutatingSeats(t, 5000, 37);
  assert.deepEqual([t.finalSeats, t.additionalNs], [10, 250 * MS]);
});

// --- Queues --------------------------------------------------------------------------------------

test('Seats are taken until there are none, then requests wait in order.', () => {
  const dispatched: number[] = [];
  const set = new QueueSet({ queues: 1, queueLengthLimit: 2 }, 2, (t) => dispatched.push(t.owner));
  const tickets = [0, 1, 2, 3, 4].map((i) => ticket(i));
  const outcomes = tickets.map((t) => set.start(0, t, HAND));
  assert.deepEqual(outcomes, ['executing', 'executing', 'waiting', 'waiting', 'queueFull']);
  set.finish(1 * MS, tickets[0]);
  assert.deepEqual(dispatched, [2]);
  assert.deepEqual([set.seatsInUse, set.seatsWaiting], [2, 1]);
  set.cancel(2 * MS, tickets[3]);
  set.finish(3 * MS, tickets[1]);
  assert.deepEqual([set.seatsInUse, set.requestsWaiting, dispatched.length], [1, 0, 1]);
});

test('Of two flows, one with a long queue and one with a short one, both get every other seat.', () => {
  const dispatched: number[] = [];
  const set = new QueueSet({ queues: 2, queueLengthLimit: 50 }, 1, (t) => dispatched.push(t.owner));
  const greedy = [0, 1, 2, 3, 4, 5].map((i) => ticket(i));
  for (const t of greedy) set.start(0, t, [0]);
  const modest = [10, 11].map((i) => ticket(i));
  for (const t of modest) set.start(0, t, [1]);
  let running = greedy[0];
  const all = new Map([...greedy, ...modest].map((t) => [t.owner, t]));
  for (let i = 1; i <= 7; i++) {
    set.finish(i * 3 * MS, running);
    running = all.get(dispatched[i - 1])!;
  }
  assert.deepEqual(dispatched, [10, 1, 11, 2, 3, 4, 5]);
});

test('A wide request that is next waits for its seats, and what is behind it waits with it.', () => {
  const dispatched: number[] = [];
  const set = new QueueSet({ queues: 1, queueLengthLimit: 9 }, 4, (t) => dispatched.push(t.owner));
  const [a, b, wide, c] = [ticket(0), ticket(1), ticket(2, 4), ticket(3)];
  for (const t of [a, b, wide, c]) set.start(0, t, HAND);
  set.finish(1, a);
  assert.deepEqual(dispatched, []);
  set.finish(2, b);
  assert.deepEqual([dispatched, set.seatsInUse], [[2], 4]);
  set.finish(3, wide);
  assert.deepEqual(dispatched, [2, 3]);
});

test('A request that is wider than its level goes when nobody else does.', () => {
  const set = new QueueSet({ queues: 1, queueLengthLimit: 9 }, 2, () => {});
  const wide = ticket(0, 5);
  assert.equal(set.start(0, wide, HAND), 'executing');
  assert.equal(set.start(0, ticket(1), HAND), 'waiting');
});

test('Seats linger after the answer until they are released.', () => {
  const set = new QueueSet({ queues: 1, queueLengthLimit: 9 }, 3, () => {});
  const write = ticket(0);
  write.finalSeats = 3;
  write.additionalNs = 10 * MS;
  assert.equal(set.start(0, write, HAND), 'executing');
  const next = ticket(1);
  assert.equal(set.start(0, next, HAND), 'waiting');
  set.finish(1 * MS, write);
  assert.deepEqual([next.state, set.requestsExecuting, set.seatsInUse], ['waiting', 0, 3]);
  set.release(11 * MS, write.queue, write.seats);
  assert.deepEqual([next.state, set.seatsInUse], ['executing', 1]);
});

test('A level that rejects has no queue; an exempt one no limit.', () => {
  const rejecting = new QueueSet({ queues: 0, queueLengthLimit: 0 }, 1, () => {});
  assert.equal(rejecting.start(0, ticket(0), null), 'executing');
  assert.equal(rejecting.start(0, ticket(1), null), 'concurrencyLimit');
  const exempt = new QueueSet({ queues: -1, queueLengthLimit: 0 }, 0, () => {});
  for (let i = 0; i < 9; i++) assert.equal(exempt.start(0, ticket(i), null), 'executing');
});

const action = fc.record({
  stepNs: fc.nat(8 * MS),
  finish: fc.boolean(),
  pick: fc.nat(100),
  seats: fc.integer({ min: 1, max: 4 }),
  flow: fc.nat(9),
});

test('Fair queues do what their definition says, request by request, and keep count of seats.', () => {
  const hands = Array.from({ length: 10 }, (_, i) => dealHand(`f${i}`, 6, 3));
  fc.assert(
    fc.property(
      fc.array(action, { maxLength: 120 }),
      fc.integer({ min: 1, max: 6 }),
      (actions, limit) => {
        const dispatched: number[] = [];
        const set = new QueueSet({ queues: 6, queueLengthLimit: 4 }, limit, (t) => {
          dispatched.push(t.owner);
        });
        const oracle = new QueueSetOracle(6, 4, limit);
        const tickets: Ticket[] = [];
        let nowNs = 0;
        for (const a of actions) {
          nowNs += a.stepNs;
          dispatched.length = 0;
          const running = tickets.filter((t) => t.state === 'executing');
          if (a.finish && running.length > 0) {
            const t = running[a.pick % running.length];
            set.finish(nowNs, t);
            assert.deepEqual(dispatched, oracle.finish(nowNs, t.owner));
          } else {
            const t = ticket(tickets.length, a.seats);
            tickets.push(t);
            const outcome = set.start(nowNs, t, hands[a.flow]);
            const expected = oracle.start(nowNs, t.owner, a.seats, [...hands[a.flow]]);
            if (outcome === 'executing') dispatched.push(t.owner);
            assert.deepEqual(outcome === 'queueFull' ? null : dispatched, expected);
          }
          const seats = (state: Ticket['state']) =>
            tickets.reduce((n, t) => n + (t.state === state ? t.seats : 0), 0);
          assert.equal(set.seatsInUse, seats('executing'));
          assert.equal(set.seatsWaiting, seats('waiting'));
        }
        // Nothing starves: when what runs ends, what waits runs.
        for (let left = tickets.length; left > 0; left--) {
          const t = tickets.find((x) => x.state === 'executing');
          nowNs += MS;
          if (t !== undefined) set.finish(nowNs, t);
        }
        assert.ok(tickets.every((t) => t.state === 'idle'));
      },
    ),
  );
});

test('Busy queues get equal shares of seat-time, however wide their requests are.', () => {
  // 4 flows of a queue each, 1, 1, 2 and 4 seats wide, always 8 waiting; 8 seats, 3 ms a request.
  const widths = [1, 1, 2, 4];
  const seatNs = [0, 0, 0, 0];
  const running: { readonly ticket: Ticket; readonly endNs: number }[] = [];
  const flowOf = new Map<number, number>();
  let nowNs = 0;
  const run = (t: Ticket): void => {
    running.push({ ticket: t, endNs: nowNs + 3 * MS });
    seatNs[flowOf.get(t.owner)!] += t.seats * 3 * MS;
  };
  const set = new QueueSet({ queues: 4, queueLengthLimit: 50 }, 8, run);
  const begin = (flow: number): void => {
    const t = ticket(flowOf.size, widths[flow]);
    flowOf.set(t.owner, flow);
    if (set.start(nowNs, t, [flow]) === 'executing') run(t);
  };
  for (let i = 0; i < 8; i++) for (let flow = 0; flow < 4; flow++) begin(flow);
  while (nowNs < 10 * S) {
    const first = running.shift()!;
    nowNs = first.endNs;
    set.finish(nowNs, first.ticket);
    begin(flowOf.get(first.ticket.owner)!);
  }
  const total = seatNs.reduce((a, b) => a + b, 0);
  for (const ns of seatNs) assert.ok(Math.abs(ns / total - 0.25) < 0.02, seatNs.join(' '));
});

test('Retry-After doubles while requests are dropped and falls by a second when they are not.', () => {
  const dropped = new DroppedRequests();
  const seen: number[] = [];
  for (let second = 0; second < 20; second++) {
    dropped.record(second * S, 20);
    seen.push(dropped.retryAfterS);
  }
  // The first second counts nothing before it; then 1, 2, 4, ... s apart, with 20 drops a second.
  assert.deepEqual(seen.slice(0, 16), [1, 2, 2, 4, 4, 4, 4, 8, 8, 8, 8, 8, 8, 8, 8, 16]);
  dropped.record(100 * S, 1);
  assert.equal(dropped.retryAfterS, 15);
});

test.run();
