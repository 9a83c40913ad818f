/**
 * One measurement in a process of its own: argv is a case as JSON, the answer is CPU ns per unit of
 * work for every round.
 */
import { type HoldQueue, type Increments, makeHold, type Work } from './hold.ts';
import { makeHeartbeats, makeNetwork, makePhold, makePholdGenerators } from './models.ts';

export type BenchCase =
  | { kind: 'hold'; queue: HoldQueue; pending: number; increments: Increments }
  | { kind: 'phold'; queue: 'two-tier' | 'fast-priority-queue'; pending: number }
  | { kind: 'phold-generators'; queue: 'two-tier' | 'fast-priority-queue'; pending: number }
  | { kind: 'network'; queue: 'two-tier' | 'fast-priority-queue' }
  | { kind: 'heartbeats'; timers: 'cancelled' | 'lazy'; pending: number };

function workOf(bench: BenchCase): Work {
  switch (bench.kind) {
    case 'hold':
      return makeHold(bench.queue, bench.pending, bench.increments);
    case 'phold':
      return makePhold(bench.pending, bench.queue);
    case 'phold-generators':
      return makePholdGenerators(bench.pending, bench.queue);
    case 'network':
      return makeNetwork(bench.queue);
    case 'heartbeats':
      return makeHeartbeats(bench.pending, bench.timers);
  }
}

const [, , text, roundsText, countText] = process.argv;
const work = workOf(JSON.parse(text) as BenchCase);
const rounds = Number(roundsText);
const count = Number(countText);
// Warm up: the compiler, the free list, the steady state of the model.
for (let i = 0; i < 4; i++) work(count);
const nsPerUnit: number[] = [];
for (let i = 0; i < rounds; i++) {
  const start = process.cpuUsage();
  work(count);
  const { user, system } = process.cpuUsage(start);
  nsPerUnit.push(((user + system) * 1000) / count);
}
console.log(JSON.stringify(nsPerUnit));
