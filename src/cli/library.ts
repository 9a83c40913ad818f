/** What ships with wavetank and what the models know, by name. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createRun } from '../run/index.ts';
import { jsonSchema, parseScenario } from '../scenario/index.ts';

export interface Entry {
  readonly name: string;
  readonly text: string;
}

/** Names of folders under experiments/ that hold an experiment.yaml, sorted. */
export function experimentNames(packageRoot: string): string[] {
  const folder = join(packageRoot, 'experiments');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, 'experiment.yaml')))
    .sort();
}

export function experimentFile(packageRoot: string, name: string): string {
  return join(packageRoot, 'experiments', name, 'experiment.yaml');
}

/** The parts of the JSON Schema that are read here. */
interface SchemaGroup {
  readonly properties: Readonly<
    Record<string, { readonly description: string; readonly enum?: readonly string[] }>
  >;
  readonly oneOf?: ReadonlyArray<{ readonly required: readonly string[] }>;
}

function schemaGroup(name: string): SchemaGroup {
  // The schema is generated from the field table; a test lists both of the groups read here.
  return (jsonSchema().$defs as Record<string, SchemaGroup>)[name];
}

const OPERATIONS: Readonly<Record<string, string>> = {
  put: 'write one key',
  delete: 'delete one key',
  range: 'read keys, linearizable or serializable',
  txn: 'a compare and operations on several keys',
  watch: 'watchers of a prefix',
  'lease-grant': 'grant leases',
  'lease-keepalive': 'grant leases at the start and renew them',
  'lease-revoke': 'grant and revoke leases',
  compact: 'compact the history',
};

export function workloadKinds(): Entry[] {
  const names = schemaGroup('workload').properties.op.enum ?? [];
  return names.map((name) => ({ name, text: OPERATIONS[name] ?? '' }));
}

export function faultKinds(): Entry[] {
  const { oneOf = [], properties } = schemaGroup('fault');
  return oneOf.map(({ required: [name] }) => ({ name, text: properties[name].description }));
}

/** One of everything, for the names of the metrics: a short run registers them all. */
export function everythingScenario(): string {
  const workload = workloadKinds().map(({ name: op }) => {
    const load = op === 'watch' ? 'clients: 1' : 'rate: 10/s';
    return `  - { name: ${op}, op: ${op}, ${load} }`;
  });
  return [
    'apiVersion: wavetank/v1alpha1',
    'kind: Scenario',
    'metadata: { name: everything }',
    'horizon: 3s',
    'warmup: 1s',
    'etcd: { version: "3.6", members: 3, disk: { fsync: 1ms } }',
    'workload:',
    ...workload,
  ].join('\n');
}

/** Names with their help, sorted; read off a run, so that the list cannot lag behind the models. */
export function metricEntries(): Entry[] {
  const { scenario } = parseScenario(everythingScenario(), { file: 'everything' });
  if (scenario === null) throw new Error('the scenario with one of everything is not valid');
  const run = createRun(scenario, { seed: 'list' });
  run.advance(Number.MAX_SAFE_INTEGER);
  const { counters, levels, tallies } = run.finish().metrics;
  const help = new Map<string, string>();
  for (const { name, help: text } of [...counters, ...levels, ...tallies]) help.set(name, text);
  return [...help]
    .map(([name, text]) => ({ name, text }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
