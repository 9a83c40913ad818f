/** The nodes of a replay: openb's list, or Nodes of Kubernetes in any form that import reads. */
import { parse } from 'yaml';
import { formatUnit } from '../../scenario/index.ts';
import { type ImportInput, type ImportNote, importCluster } from '../kubernetes/index.ts';
import { at, type Json, type JsonMap, keyOf, listOf } from '../kubernetes/json.ts';
import { GPU, GPU_MODEL } from './csv-traces.ts';
import { readRows } from './rows.ts';

export interface NodeList {
  /** As a scenario has them. */
  readonly groups: readonly Json[];
  readonly notes: readonly ImportNote[];
}

const CARD_MILLI = 1000;
const MIB = 1024 * 1024;

export function nodeGroupsOf(input: ImportInput): NodeList {
  const chunks = [...input.chunks];
  const header = (chunks[0] ?? '').split('\n')[0];
  if (/^\uFEFF?sn,cpu_milli,memory_mib/.test(header)) return openbNodes(input.name, chunks);
  const options = { name: 'nodes', description: '', partial: false };
  const { yaml, notes } = importCluster([{ name: input.name, chunks }], options);
  if (yaml === null) return { groups: [], notes };
  // Written by ourselves.
  return { groups: listOf(at(parse(yaml) as Json, 'kubernetes', 'nodeGroups')), notes };
}

function openbNodes(file: string, chunks: readonly string[]): NodeList {
  const groups = new Map<string, { fields: JsonMap; names: string[] }>();
  const notes: ImportNote[] = [];
  const warn = (message: string, line: number) =>
    notes.push({ level: 'warning', file, where: `line ${line}`, message, hint: '' });
  readRows(
    chunks,
    (row, line) => {
      const [cpu, memory, cards] = [row.cpu_milli, row.memory_mib, row.gpu || '0'].map(Number);
      if (!(cpu > 0 && memory > 0 && cards >= 0) || row.sn === '') {
        warn('a node without capacity is left out', line);
        return;
      }
      const fields: JsonMap = {
        cpu: formatUnit('cpu', cpu),
        memory: formatUnit('bytes', memory * MIB),
        reservedCpu: '0',
        reservedMemory: '0',
        extended: cards > 0 ? { [GPU]: cards * CARD_MILLI } : {},
        labels: row.model === '' ? {} : { [GPU_MODEL]: row.model },
      };
      const key = keyOf(fields);
      const group = groups.get(key) ?? { fields, names: [] };
      group.names.push(row.sn);
      groups.set(key, group);
    },
    warn,
  );
  const list = [...groups.values()].map(({ fields, names }, i) => ({
    name: `nodes-${i}`,
    count: names.length,
    ...fields,
    names,
  }));
  return { groups: list, notes };
}
