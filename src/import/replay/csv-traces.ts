/**
 * Traces as CSV: openb of alibaba/clusterdata (cluster-trace-gpu-v2023), and one of our own with
 * the columns time, kind, name, namespace, cpu, memory, duration, and others, which docs/import.md
 * describes.
 */
import { parseQuantity, parseUnit } from '../../scenario/index.ts';
import type { Place } from '../kubernetes/documents.ts';
import type { Tally } from '../kubernetes/tally.ts';
import { type Arrivals, TRACE_IMAGE, TRACE_KIND } from './arrivals.ts';
import type { TraceRow } from './rows.ts';
import type { Arrival } from './types.ts';

const S = 1e9;
export const GPU = 'alibabacloud.com/gpu-milli';
export const GPU_MODEL = 'alibabacloud.com/gpu-card-model';
const CARD_MILLI = 1000;

export function isOpenb(header: string): boolean {
  return /cpu_milli/.test(header) && /creation_time/.test(header);
}

export function isOwnCsv(header: string): boolean {
  const names = header
    .toLowerCase()
    .split(',')
    .map((name) => name.trim().replace(/^\uFEFF/, ''));
  return names.some((name) => /^time(_s|_ms)?$/.test(name)) && names.includes('cpu');
}

/** A row that cannot be used is said, with its line. */
export function addOpenb(row: TraceRow, place: Place, arrivals: Arrivals, tally: Tally): void {
  const number = (name: string) => Number(row[name] === '' ? Number.NaN : row[name]);
  const cpu = number('cpu_milli');
  const memory = number('memory_mib');
  const created = number('creation_time');
  const gpus = row.num_gpu === '' ? 0 : number('num_gpu');
  const gpuMilli = row.gpu_milli === '' ? 0 : number('gpu_milli');
  const bad = [cpu, memory, created, gpus, gpuMilli].some((value) => !(value >= 0));
  if (bad || row.name === '') {
    tally.refuse(TRACE_KIND, 'a row with a figure that is missing or no number', place, row.name);
    return;
  }
  const deleted = number('deletion_time');
  const began = Number.isNaN(number('scheduled_time')) ? created : number('scheduled_time');
  const requests: Record<string, string> = { cpu: `${cpu}m`, memory: `${memory}Mi` };
  const card = gpus > 1 ? gpus * CARD_MILLI : gpus * gpuMilli;
  if (card > 0) requests[GPU] = String(card);
  const models = (row.gpu_spec ?? '').split('|').filter((model) => model !== '');
  const term = { matchExpressions: [{ key: GPU_MODEL, operator: 'In', values: models }] };
  const required = {
    requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] },
  };
  arrivals.add(
    {
      atNs: created * S,
      name: row.name,
      namespace: 'default',
      labels: { app: 'openb' },
      durationNs: deleted > began ? (deleted - began) * S : Number.POSITIVE_INFINITY,
      spec: {
        containers: [{ name: 'main', image: TRACE_IMAGE, resources: { requests } }],
        ...(models.length > 0 ? { affinity: { nodeAffinity: required } } : {}),
      },
    },
    place,
  );
}

const KNOWN = [
  'time',
  'time_s',
  'time_ms',
  'kind',
  'name',
  'namespace',
  'cpu',
  'memory',
  'duration',
  'duration_s',
  'replicas',
  'priority',
  'labels',
  'node_selector',
];

/** Columns of a header that nothing reads: others than extended resources. */
export function unknownColumns(header: string): string[] {
  return header
    .trim()
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => !KNOWN.includes(name) && !name.includes('/'));
}

export function addOwn(row: TraceRow, place: Place, arrivals: Arrivals, tally: Tally): void {
  const refuse = (reason: string, detail: string) =>
    tally.refuse(TRACE_KIND, reason, place, row.name ?? '', detail);
  const atNs = timeOf(row, 'time');
  if (atNs === null || Number.isNaN(atNs)) {
    refuse('a time that cannot be read', timeText(row));
    return;
  }
  const durationNs = timeOf(row, 'duration') ?? Number.POSITIVE_INFINITY;
  if (Number.isNaN(durationNs)) {
    refuse('a duration that cannot be read', row.duration ?? '');
    return;
  }
  const kind = (row.kind ?? '') === '' ? 'Pod' : row.kind;
  if (kind.toLowerCase() !== 'pod') {
    refuse('a kind that a trace cannot have', kind);
    return;
  }
  const requests: Record<string, string> = {};
  for (const [name, text] of Object.entries(row)) {
    if (text === '' || (name !== 'cpu' && name !== 'memory' && !name.includes('/'))) continue;
    if (parseQuantity(text) === null) {
      refuse('a malformed quantity', `${name}: ${text}`);
      return;
    }
    requests[name] = text;
  }
  const replicas = (row.replicas ?? '') === '' ? 1 : Number(row.replicas);
  if (!Number.isInteger(replicas) || replicas < 1 || replicas > 1e6) {
    refuse('replicas that are no number of pods', row.replicas);
    return;
  }
  const name = (row.name ?? '') === '' ? `pod-${place.line}` : row.name;
  const arrival: Arrival = {
    atNs,
    name,
    namespace: (row.namespace ?? '') === '' ? 'default' : row.namespace,
    labels: { app: name, ...pairsOf(row.labels) },
    durationNs,
    spec: {
      containers: [{ name: 'main', image: TRACE_IMAGE, resources: { requests } }],
      nodeSelector: pairsOf(row.node_selector),
      ...((row.priority ?? '') === '' ? {} : { priority: row.priority }),
    },
  };
  for (let i = 0; i < replicas; i++) arrivals.add(arrival, place);
  if (replicas > 1) tally.read(TRACE_KIND, 0, replicas - 1);
}

function timeText(row: TraceRow): string {
  return row.time ?? row.time_s ?? row.time_ms ?? '';
}

/** In ns; null where there is none, NaN where it cannot be read. Bare numbers are seconds. */
function timeOf(row: TraceRow, name: string): number | null {
  for (const [column, unitNs] of [
    [name, S],
    [`${name}_s`, S],
    [`${name}_ms`, 1e6],
  ] as const) {
    const text = row[column] ?? '';
    if (text === '') continue;
    if (/^\d+(\.\d+)?$/.test(text)) return Math.round(Number(text) * unitNs);
    const parsed = parseUnit('duration', text);
    return 'value' in parsed && parsed.value >= 0 ? Math.round(parsed.value) : Number.NaN;
  }
  return null;
}

/** 'a=b;c=d'. */
function pairsOf(text: string | undefined): Record<string, string> {
  const pairs: Record<string, string> = {};
  for (const pair of (text ?? '').split(';')) {
    const at = pair.indexOf('=');
    if (at > 0) pairs[pair.slice(0, at).trim()] = pair.slice(at + 1).trim();
  }
  return pairs;
}
