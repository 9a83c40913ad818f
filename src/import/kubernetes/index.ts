/** Dumps and manifests of a cluster in, a scenario and an account of what was read out. */
import { Collector } from './collector.ts';
import { type ImportInput, readObjects } from './documents.ts';
import { type ScenarioOptions, scenarioOf } from './scenario.ts';
import type { ImportNote, KindCount } from './tally.ts';

export type { ImportInput } from './documents.ts';
export type { ImportNote, KindCount } from './tally.ts';

export interface ClusterImport {
  /** The scenario as YAML; null where there is none. */
  readonly yaml: string | null;
  readonly kinds: readonly KindCount[];
  readonly notes: readonly ImportNote[];
}

export interface ClusterImportOptions extends ScenarioOptions {
  /** Of a dump that breaks off, what came before is used. */
  readonly partial: boolean;
}

export function importCluster(
  inputs: readonly ImportInput[],
  options: ClusterImportOptions,
): ClusterImport {
  const collector = new Collector();
  for (const input of inputs) readObjects(input, collector);
  const broke = collector.broke && !options.partial;
  const yaml = scenarioOf(collector, options);
  const { kinds } = collector.tally;
  const used = kinds.some((kind) => kind.used > 0);
  return { yaml: broke || !used ? null : yaml, kinds, notes: collector.tally.notes };
}

/** The account for people: every kind, with what became of its objects. */
export function clusterImportText({ kinds, notes }: ClusterImport): string {
  const lines: string[] = [];
  const sum = (of: (kind: KindCount) => number) => kinds.reduce((all, kind) => all + of(kind), 0);
  const skippedOf = (kind: KindCount) => kind.skipped.reduce((all, { count }) => all + count, 0);
  lines.push(
    `${sum((kind) => kind.read)} objects read, ${sum((kind) => kind.used)} used, ` +
      `${sum(skippedOf)} skipped`,
    '',
  );
  const width = Math.max(4, ...kinds.map(({ kind }) => kind.length));
  const cell = (value: number | string) => String(value).padStart(9);
  lines.push(
    `${'kind'.padEnd(width)}${cell('read')}${cell('used')}${cell('skipped')}${cell('KB')}`,
  );
  for (const kind of kinds) {
    const kilobytes = Math.round(kind.bytes / 100) / 10;
    lines.push(
      `${kind.kind.padEnd(width)}${cell(kind.read)}${cell(kind.used)}${cell(skippedOf(kind))}${cell(kilobytes)}`,
    );
    for (const { reason, count } of kind.skipped) lines.push(`  ${count} skipped: ${reason}`);
  }
  for (const { level, file, where, message, hint } of notes) {
    const place = [file, where].filter((text) => text !== '').join(': ');
    lines.push('', `${level}: ${place === '' ? '' : `${place}: `}${message}`);
    if (hint !== '') lines.push(`  ${hint}`);
  }
  return `${lines.join('\n')}\n`;
}
