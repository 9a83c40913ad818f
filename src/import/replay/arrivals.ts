/** Arrivals of a trace to pods of a replay: the window, the scales, one template for equal pods. */
import { type PodTemplateScenario, readPodSpec, type TracePod } from '../../scenario/index.ts';
import type { Place } from '../kubernetes/documents.ts';
import { keyOf } from '../kubernetes/json.ts';
import type { Tally } from '../kubernetes/tally.ts';
import type { Arrival, TraceOptions } from './types.ts';

/** The image of every pod of a trace: it is on all nodes. */
export const TRACE_IMAGE = 'trace:1';
export const TRACE_KIND = 'row';
const POD_BYTES = 5000;
const STOPS_AFTER_NS = 1e9;
/** Parts of its requests that a pod uses, where the trace does not say. */
const CPU_USE = 0.5;
const MEMORY_USE = 0.8;

interface Kept {
  readonly arrival: Arrival;
  readonly template: PodTemplateScenario;
}

export class Arrivals {
  readonly #tally: Tally;
  readonly #options: TraceOptions;
  readonly #templates = new Map<string, PodTemplateScenario | string>();
  readonly #kept: Kept[] = [];
  #first = Number.POSITIVE_INFINITY;

  constructor(tally: Tally, options: TraceOptions) {
    this.#tally = tally;
    this.#options = options;
  }

  add(arrival: Arrival, place: Place): void {
    this.#first = Math.min(this.#first, arrival.atNs);
    const template = this.#templateOf(arrival);
    if (typeof template === 'string') {
      this.#tally.refuse(TRACE_KIND, 'a pod that cannot be read', place, arrival.name, template);
    } else this.#kept.push({ arrival, template });
  }

  /** In the order of their times; equal ones in the order of the trace. */
  finish(): TracePod[] {
    const { windowNs, timeScale, scale } = this.#options;
    const [from, to] = windowNs ?? [0, Number.POSITIVE_INFINITY];
    const pods: TracePod[] = [];
    const names = new Map<string, number>();
    const inOrder = this.#kept
      .map((kept, index) => ({ ...kept, index }))
      .sort((a, b) => a.arrival.atNs - b.arrival.atNs || a.index - b.index);
    let owed = 0;
    for (const { arrival, template } of inOrder) {
      const at = arrival.atNs - this.#first;
      if (at < from || at >= to) {
        this.#tally.skipped(TRACE_KIND, at < from ? 'before the window' : 'after the window');
        continue;
      }
      this.#tally.used(TRACE_KIND);
      for (owed += scale; owed >= 1; owed--) {
        const path = `${arrival.namespace}/${arrival.name}`;
        const count = names.get(path) ?? 0;
        names.set(path, count + 1);
        pods.push({
          atNs: Math.round((at - from) / timeScale),
          name: count === 0 ? arrival.name : `${arrival.name}-${count}`,
          namespace: arrival.namespace,
          template,
          runsForNs: this.#durationOf(arrival),
        });
      }
    }
    return pods;
  }

  #durationOf({ durationNs }: Arrival): number {
    if (this.#options.arrivalsOnly) return Number.POSITIVE_INFINITY;
    return Math.max(1, Math.round(durationNs / this.#options.timeScale));
  }

  /** Or what is wrong with it. */
  #templateOf(arrival: Arrival): PodTemplateScenario | string {
    const runsForNs = this.#durationOf(arrival);
    const key = keyOf([arrival.spec as never, arrival.labels, String(runsForNs)]);
    const known = this.#templates.get(key);
    if (known !== undefined) return known;
    const { spec, problems } = readPodSpec(arrival.spec, arrival.labels);
    const ends = Number.isFinite(runsForNs);
    const template =
      problems[0] ??
      ({
        labels: arrival.labels,
        bytes: POD_BYTES,
        imagePresent: true,
        spec: {
          ...spec,
          restartPolicy: ends ? 'Never' : 'Always',
          containers: spec.containers.map((container) => ({
            ...container,
            behaviour: {
              readyAfterNs: 0,
              runsForNs,
              exitCode: 0,
              stopsAfterNs: STOPS_AFTER_NS,
              cpuUseMilli: Math.round(container.requests.cpuMilli * CPU_USE),
              memoryUseBytes: Math.round(container.requests.memoryBytes * MEMORY_USE),
            },
          })),
        },
      } satisfies PodTemplateScenario);
    this.#templates.set(key, template);
    return template;
  }
}
