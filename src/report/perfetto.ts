/**
 * One run as a trace in the Trace Event Format, which ui.perfetto.dev and chrome://tracing open:
 * a process for each component, the life of each pod as an async span with its stages inside,
 * faults as spans and instants, elections and restarts as instants, resources as counters.
 * https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
 *
 * Left out: single requests, which a run counts and does not keep.
 */
import { podStages } from '../../models/objects/index.ts';
import type { EventRow } from '../metrics/index.ts';
import type { PodReport, RunResult } from '../run/index.ts';
import { faultSpans } from './time-lines.ts';

const NS_PER_US = 1000;
const US_PER_S = 1e6;

/** Processes get numbers as they appear. */
class Processes {
  readonly #numbers = new Map<string, number>();
  readonly fresh: string[] = [];

  numberOf(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    const number = this.#numbers.size + 1;
    this.#numbers.set(name, number);
    this.fresh.push(
      JSON.stringify({ name: 'process_name', ph: 'M', pid: number, tid: 0, args: { name } }),
    );
    return number;
  }
}

type TraceEvent = Readonly<Record<string, unknown>>;

/** A JSON object, an event a line. */
export function* perfettoTrace(run: RunResult): Generator<string> {
  const processes = new Processes();
  yield '{"displayTimeUnit":"ms","traceEvents":[\n';
  let first = true;
  for (const event of traceEvents(run, processes)) {
    const lines = [...processes.fresh.splice(0), JSON.stringify(event)];
    yield (first ? '' : ',\n') + lines.join(',\n');
    first = false;
  }
  yield '\n]}\n';
}

function* traceEvents(run: RunResult, processes: Processes): Generator<TraceEvent> {
  yield* faults(run, processes);
  for (const event of run.metrics.events) {
    if (event.kind !== 'fault' && event.kind !== 'fault over') yield instant(event, processes);
  }
  for (const pod of run.timeline?.pods ?? []) yield* podLife(pod, processes);
  yield* messages(run, processes);
  yield* counters(run, processes);
}

function* faults(run: RunResult, processes: Processes): Generator<TraceEvent> {
  const pid = processes.numberOf('faults');
  let id = 0;
  for (const { label, from, to } of faultSpans(run)) {
    const common = { name: label, cat: 'fault', pid, tid: 0 };
    yield { ...common, ph: 'i', s: 'g', ts: from * US_PER_S };
    if (to <= from) continue;
    id += 1;
    yield { ...common, ph: 'b', id: `fault-${id}`, ts: from * US_PER_S };
    yield { ...common, ph: 'e', id: `fault-${id}`, ts: to * US_PER_S };
  }
}

function instant({ timeNs, kind, subject, detail }: EventRow, processes: Processes): TraceEvent {
  return {
    name: kind,
    cat: 'event',
    ph: 'i',
    s: 'p',
    pid: processes.numberOf(subject),
    tid: 0,
    ts: timeNs / NS_PER_US,
    args: { detail },
  };
}

/** A span from its first stage to its last, and within it one for what led to each stage. */
function* podLife(pod: PodReport, processes: Processes): Generator<TraceEvent> {
  const stamps = pod.stagesNs
    .flatMap((timeNs, i) => (timeNs === null ? [] : [{ stage: podStages[i], timeNs }]))
    .sort((a, b) => a.timeNs - b.timeNs);
  if (stamps.length === 0) return;
  const common = { cat: 'pod', id: `pod-${pod.uid}`, pid: processes.numberOf('pods'), tid: 0 };
  const us = (timeNs: number): number => timeNs / NS_PER_US;
  const args = { node: pod.nodeName, attempts: pod.attempts };
  yield { ...common, name: pod.path, ph: 'b', ts: us(stamps[0].timeNs), args };
  for (let i = 1; i < stamps.length; i++) {
    const name = `until ${stamps[i].stage}`;
    yield { ...common, name, ph: 'b', ts: us(stamps[i - 1].timeNs) };
    yield { ...common, name, ph: 'e', ts: us(stamps[i].timeNs) };
  }
  yield { ...common, name: pod.path, ph: 'e', ts: us(stamps[stamps.length - 1].timeNs) };
}

function* messages(run: RunResult, processes: Processes): Generator<TraceEvent> {
  for (const { from, to, text, atNs } of run.timeline?.messages ?? []) {
    const pid = processes.numberOf(from);
    const ts = atNs / NS_PER_US;
    yield { name: text, cat: 'message', ph: 'i', s: 'p', pid, tid: 0, ts, args: { to } };
  }
}

/** 'control-plane/0/disk/wal': a machine or a component, and what is its. */
const OF_RESOURCE = /^(.*?)\/((?:disk|nic)\/.*|[^/]+)$/;

/** Servers in use, and work that waits, of resources that did something. */
function* counters(run: RunResult, processes: Processes): Generator<TraceEvent> {
  const { series, seriesIntervalNs } = run.metrics;
  const shown: Readonly<Record<string, string>> = {
    wavetank_resource_busy_servers: 'in use',
    wavetank_resource_queue_length: 'waiting',
  };
  for (const { name, field, labels, values } of series) {
    const what = shown[name];
    if (what === undefined || field !== 'mean' || !values.some((value) => value > 0)) continue;
    const resource = labels.resource ?? '';
    const [, owner, own] = OF_RESOURCE.exec(resource) ?? ['', resource, ''];
    const pid = processes.numberOf(owner);
    const counter = `${own} ${what}`;
    for (let i = 0; i < values.length; i++) {
      if (Number.isNaN(values[i])) continue;
      const ts = (i * seriesIntervalNs) / NS_PER_US;
      yield { name: counter, ph: 'C', pid, tid: 0, ts, args: { [what]: values[i] } };
    }
  }
}
