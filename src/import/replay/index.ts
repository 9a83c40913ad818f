/** Traces in, arrivals of pods and loads of requests out. */
import type { LoadScenario } from '../../scenario/index.ts';
import type { ImportInput, Place } from '../kubernetes/documents.ts';
import { JsonObjects } from '../kubernetes/read-json.ts';
import { Tally } from '../kubernetes/tally.ts';
import { Arrivals, TRACE_KIND } from './arrivals.ts';
import { AuditLog } from './audit.ts';
import { addOpenb, addOwn, isOpenb, isOwnCsv, unknownColumns } from './csv-traces.ts';
import { readRows } from './rows.ts';
import type { Trace, TraceOptions } from './types.ts';

export { TRACE_IMAGE } from './arrivals.ts';
export { nodeGroupsOf } from './node-list.ts';
export type { Trace, TraceCounts, TraceOptions } from './types.ts';

/** Of what is no trace that is known the notes say so, and there is nothing. */
export function readTrace(input: ImportInput, options: TraceOptions): Trace {
  const tally = new Tally();
  const chunks = input.chunks[Symbol.iterator]();
  let head = '';
  while (!head.includes('\n')) {
    const next = chunks.next();
    if (next.done === true) break;
    head += next.value;
  }
  const all = withHead(head, chunks);
  const place = (line: number): Place => ({ file: input.name, index: 0, line });
  if (/^\s*\{/.test(head)) return auditTrace({ name: input.name, chunks: all }, tally, options);
  const header = head.split('\n')[0].replace(/^\uFEFF/, '');
  const arrivals = new Arrivals(tally, options);
  const openb = isOpenb(header);
  if (!openb && !isOwnCsv(header)) {
    const hint = 'docs/import.md lists the traces that are understood.';
    tally.note('error', place(1), '', 'this is no trace that is known', '', hint);
    return traceOf('csv', [], [], 0, tally);
  }
  if (!openb) {
    for (const name of unknownColumns(header)) {
      tally.note('warning', place(1), '', `the column ${name} is not read`);
    }
  }
  readRows(
    all,
    (row, line) => {
      tally.read(TRACE_KIND, 0);
      (openb ? addOpenb : addOwn)(row, place(line), arrivals, tally);
    },
    (message, line) => {
      const hint = 'The rows before it are used.';
      tally.note('error', place(line), '', 'the CSV is broken', message, hint);
    },
  );
  const pods = arrivals.finish();
  return traceOf(openb ? 'openb' : 'csv', pods, [], pods.at(-1)?.atNs ?? 0, tally);
}

function auditTrace(input: ImportInput, tally: Tally, options: TraceOptions): Trace {
  const log = new AuditLog(tally, options);
  const reader = new JsonObjects(input.name, {
    object: (value, place) => log.add(value, place),
    broken: ({ place, message }) => {
      tally.note('error', place, '', message, '', 'The lines before it are used.');
    },
  });
  let whole = true;
  for (const chunk of input.chunks) {
    whole = reader.push(chunk);
    if (!whole) break;
  }
  if (whole) reader.end();
  return traceOf('audit', [], log.finish(), log.spanNs, tally);
}

function* withHead(head: string, rest: Iterator<string>): Generator<string, void, void> {
  yield head;
  for (let next = rest.next(); next.done !== true; next = rest.next()) yield next.value;
}

function traceOf(
  format: Trace['format'],
  pods: Trace['pods'],
  loads: readonly LoadScenario[],
  spanNs: number,
  tally: Tally,
): Trace {
  const [rows] = tally.kinds;
  const counts = { rows: rows?.read ?? 0, used: rows?.used ?? 0, skipped: rows?.skipped ?? [] };
  return { format, pods, loads, spanNs, counts, notes: tally.notes };
}
