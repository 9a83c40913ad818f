/**
 * ResourceProbe: how a queueing resource measures itself. The resource reports five facts; the
 * bottleneck ranking, the metrics `wavetank_resource_*{resource="<name>"}` and Little's law come
 * out of them. What happened during warm-up is not in the result.
 */
import type { Counter } from './counter.ts';
import type { Level } from './level.ts';
import { meanOf, mergeHistograms, sumOf } from './quantiles.ts';
import type { LevelSegment, ResourceResult, Segment } from './result.ts';
import type { Tally } from './tally.ts';

export type ResourceKind = ResourceResult['kind'];

export interface ProbeParts {
  readonly arrivals: Counter;
  readonly rejected: Counter;
  readonly queue: Level;
  readonly busy: Level;
  readonly wait: Tally;
  readonly service: Tally;
}

export class ResourceProbe {
  readonly name: string;
  readonly kind: ResourceKind;
  /** Servers, cores or slots: utilization is busy / servers. */
  readonly servers: number;
  readonly #parts: ProbeParts;
  readonly #queueAtQuarters: number[] = [];

  constructor(name: string, kind: ResourceKind, servers: number, parts: ProbeParts) {
    this.name = name;
    this.kind = kind;
    this.servers = servers;
    this.#parts = parts;
  }

  /** One arrival that is let in, whether it waits or not. */
  arrive(): void {
    this.#parts.arrivals.add(1);
  }

  /** One arrival that was turned away because the queue is full; not an arrival. */
  reject(): void {
    this.#parts.rejected.add(1);
  }

  /** Jobs that wait, without those in service. */
  queue(nowNs: number, length: number): void {
    this.#parts.queue.set(nowNs, length);
  }

  /** Servers (cores, slots) in use; may be fractional under processor sharing. */
  busy(nowNs: number, servers: number): void {
    this.#parts.busy.set(nowNs, servers);
  }

  /** A job's wait is over: integer ns, 0 for one that did not wait. */
  wait(waitNs: number): void {
    this.#parts.wait.record(waitNs);
  }

  /** A job's time in service: integer ns. */
  service(serviceNs: number): void {
    this.#parts.service.record(serviceNs);
  }

  /** @internal Called by the registry at each quarter of the measured time. */
  quarter(): void {
    this.#queueAtQuarters.push(this.#parts.queue.value);
  }

  /** @internal */
  result(segments: readonly Segment[]): ResourceResult {
    const { arrivals, queue, busy, wait, service } = this.#parts;
    const queued = overSegments(queue.result().perSegment, segments);
    const used = overSegments(busy.result().perSegment, segments);
    const waits = mergeHistograms(wait.result().perSegment);
    const services = mergeHistograms(service.result().perSegment);
    let count = 0;
    for (const n of arrivals.result().perSegment) count += n;
    return {
      name: this.name,
      kind: this.kind,
      servers: this.servers,
      arrivals: count,
      // A token bucket is never busy: its service is the time to refill what was taken.
      utilization:
        this.kind === 'token-bucket'
          ? sumOf(services) / measuredNs(segments)
          : used.mean / this.servers,
      queueMean: queued.mean,
      queueMax: queued.max,
      waitNsMean: waits.total === 0 ? 0 : meanOf(waits),
      waitNsMax: waits.total === 0 ? 0 : waits.max,
      serviceNsMean: services.total === 0 ? 0 : meanOf(services),
      waitNsTotal: sumOf(waits),
      queueAtQuarters: this.#queueAtQuarters.slice(),
    };
  }
}

function measuredNs(segments: readonly Segment[]): number {
  let durationNs = 0;
  for (const { fromNs, toNs } of segments) durationNs += toNs - fromNs;
  return Math.max(1, durationNs);
}

function overSegments(
  parts: readonly LevelSegment[],
  segments: readonly Segment[],
): { mean: number; max: number } {
  let integral = 0;
  let max = 0;
  for (const part of parts) {
    integral += part.integral;
    max = Math.max(max, part.max);
  }
  return { mean: integral / measuredNs(segments), max };
}
