/** What traces become, whatever they came from. */
import type { LoadScenario, TracePod } from '../../scenario/index.ts';
import type { ImportNote } from '../kubernetes/index.ts';

export interface TraceOptions {
  /** Part of the trace, in ns from its start; null: all of it. */
  readonly windowNs: readonly [number, number] | null;
  /** So many times faster than it was. */
  readonly timeScale: number;
  /** So many times as much of everything. */
  readonly scale: number;
  /** Pods stay to the end, however long they ran. */
  readonly arrivalsOnly: boolean;
}

export interface TraceCounts {
  readonly rows: number;
  readonly used: number;
  readonly skipped: readonly { readonly reason: string; readonly count: number }[];
}

export interface Trace {
  readonly format: 'openb' | 'csv' | 'audit';
  /** In the order of their times; times from the start of the run's load. */
  readonly pods: readonly TracePod[];
  /** Beside the pods: sets that are created, requests. Times as above. */
  readonly loads: readonly LoadScenario[];
  /** Until the last arrival. */
  readonly spanNs: number;
  readonly counts: TraceCounts;
  readonly notes: readonly ImportNote[];
}

/** One row: a pod, or several equal ones, that came at a time. */
export interface Arrival {
  /** As in the trace, in ns from any zero. */
  readonly atNs: number;
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  /** PodSpec in the syntax of Kubernetes. */
  readonly spec: object;
  /** Infinity: to the end. */
  readonly durationNs: number;
}
