/**
 * Who may import whom, and which package is used where. docs/internals.md shows the table of rooms;
 * a test keeps the two equal.
 */
import { posix } from 'node:path';
import ts from 'typescript';
import { type Finding, finding, nodes, type SourceFile } from './sources.ts';

export interface Room {
  readonly what: string;
  /** Rooms whose code and types it may import, through their index.ts. */
  readonly code: readonly string[];
  /** Rooms of which it may import types alone. */
  readonly types?: readonly string[];
  /** May import node:*; false everywhere else. */
  readonly node?: boolean;
}

const BELOW_MODELS = ['src/core', 'src/dist', 'src/metrics', 'src/resource'];
const MODELS = [
  'models/machine',
  'models/network',
  'models/etcd',
  'models/client',
  'models/faults',
  'models/objects',
  'models/apiserver',
  'models/client-go',
  'models/scheduler',
  'models/controllers',
  'models/cloud',
  'models/node',
  'models/workload',
];
/** What a component of the control plane may use: the API, through its client, and its machine. */
const COMPONENT = [
  ...BELOW_MODELS,
  'models/machine',
  'models/network',
  'models/objects',
  'models/client-go',
];

export const ROOMS: Readonly<Record<string, Room>> = {
  'src/core': { what: 'time, events, random streams, digest, mathematics', code: [] },
  'src/dist': { what: 'distributions and their samplers', code: ['src/core'] },
  'src/metrics': { what: 'counters, levels, tallies, selectors', code: ['src/core'] },
  'src/resource': {
    what: 'queues that measure themselves',
    code: ['src/core', 'src/metrics'],
  },
  'models/machine': {
    what: 'hosts: cores, memory, disks, clocks',
    code: BELOW_MODELS,
    types: ['src/scenario'],
  },
  'models/network': {
    what: 'connections, links, partitions',
    code: [...BELOW_MODELS, 'models/machine'],
    types: ['src/scenario'],
  },
  'models/etcd': {
    what: 'etcd members',
    code: [...BELOW_MODELS, 'models/machine', 'models/network'],
    types: ['src/scenario'],
  },
  'models/client': {
    what: 'clients of etcd, stages of a request',
    code: [...BELOW_MODELS, 'models/etcd'],
    types: ['src/scenario'],
  },
  'models/faults': {
    what: 'faults by the clock, and what clients saw of them',
    code: [
      ...BELOW_MODELS,
      'models/machine',
      'models/network',
      'models/etcd',
      'models/objects',
      'models/apiserver',
      'models/client-go',
      'models/cloud',
      'models/node',
      'models/workload',
    ],
    types: ['src/scenario', 'src/run'],
  },
  'models/objects': { what: 'objects of the Kubernetes API, calls and watch events', code: [] },
  'models/apiserver': {
    what: 'kube-apiserver: request path, priority and fairness, storage, watch cache',
    code: [...BELOW_MODELS, 'models/machine', 'models/network', 'models/objects', 'models/etcd'],
    types: ['src/scenario'],
  },
  'models/client-go': {
    what: 'clients of the API: transport, rate limits, informers, work queues, elections',
    code: [...BELOW_MODELS, 'models/machine', 'models/network', 'models/objects'],
    types: ['src/scenario'],
  },
  'models/scheduler': {
    what: 'kube-scheduler: queues, plugins, preemption',
    code: COMPONENT,
    types: ['src/scenario'],
  },
  'models/controllers': {
    what: 'kube-controller-manager: its controllers as reconcile loops',
    code: COMPONENT,
    types: ['src/scenario'],
  },
  'models/cloud': {
    what: 'cloud-controller-manager, cluster autoscaler, CSI, the cloud behind them',
    code: COMPONENT,
    types: ['src/scenario'],
  },
  'models/node': {
    what: 'kubelets, runtimes, image pulls, kube-proxies',
    code: COMPONENT,
    types: ['src/scenario'],
  },
  'models/workload': {
    what: 'what happens to a cluster: objects, churn, requests, agents',
    code: COMPONENT,
    types: ['src/scenario'],
  },
  'src/scenario': {
    what: 'texts to validated plain data',
    code: ['src/core', 'src/dist', 'models/objects'],
  },
  'src/import': {
    what: 'measurements, dumps and traces to profiles and scenarios',
    code: ['src/core', 'src/dist', 'src/scenario', 'models/objects'],
  },
  'src/run': {
    what: 'builds the cluster of a scenario and drives it',
    code: [...BELOW_MODELS, 'src/scenario', ...MODELS],
  },
  'src/executor': {
    what: 'runs a plan: in process, in threads',
    code: ['src/core', 'src/metrics', 'src/run'],
    node: true,
  },
  'src/analyze': {
    what: 'replications to verdicts',
    code: ['src/core', 'src/dist', 'src/metrics', 'src/scenario', 'models/objects'],
    types: ['src/run'],
  },
  'src/output': {
    what: 'summaries to text, Markdown, JSON, CSV',
    code: ['src/core', 'src/metrics', 'src/analyze', 'models/objects'],
    types: ['src/run', 'src/scenario'],
  },
  'src/report': {
    what: 'results to pictures, a page, exports',
    code: [
      'src/core',
      'src/metrics',
      'src/scenario',
      'src/analyze',
      'src/output',
      'models/objects',
    ],
    types: ['src/run'],
  },
  'src/validation': {
    what: 'simulated against measured',
    code: [...BELOW_MODELS, 'src/scenario', 'src/run', 'src/analyze', 'src/output', ...MODELS],
  },
  'src/host': { what: 'files, signals', code: [], node: true },
  'src/cli': {
    what: 'the command',
    code: [
      'src/core',
      'src/dist',
      'src/metrics',
      'src/scenario',
      'src/import',
      'src/run',
      'src/executor',
      'src/analyze',
      'src/output',
      'src/report',
      'src/validation',
      'src/host',
    ],
    node: true,
  },
  'src/index.ts': {
    what: 'the library, safe in a browser',
    code: [
      'src/core',
      'src/scenario',
      'src/import',
      'src/run',
      'src/analyze',
      'src/output',
      'src/report',
      'src/validation',
      'models/objects',
      'models/client-go',
    ],
    types: ['src/resource'],
  },
};

/** Files of plain types, and two that the command needs before it loads the rest (cold start). */
export const OPEN_FILES: Readonly<Record<string, string>> = {
  'src/scenario/types.ts': 'plain data, types alone',
  'src/run/result.ts': 'plain data, types alone',
  'src/run/version.ts': 'two constants: --version must not load the models',
  'src/run/failure.ts': 'one class: the error handler must not load the models',
};

/** Every package that ships, and the files that wrap it. */
export const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  '@streamparser/json': ['src/import/kubernetes/read-json.ts'],
  'cli-progress': ['src/cli/progress.ts'],
  commander: [
    'src/cli/main.ts',
    'src/cli/options.ts',
    'src/cli/program.ts',
    'src/cli/program-reports.ts',
    'src/cli/program-workbench.ts',
  ],
  'csv-parse': [
    'src/cli/commands/explain-pod.ts',
    'src/import/csv-latencies.ts',
    'src/import/replay/rows.ts',
    'src/validation/rows.ts',
  ],
  'csv-stringify': ['src/output/csv.ts'],
  'fast-priority-queue': ['src/core/queue/reference-queue.ts'],
  picocolors: ['src/cli/io.ts'],
  seedrandom: ['src/core/stream.ts'],
  'simple-statistics': ['src/analyze/simple-statistics.ts'],
  tinypool: ['src/executor/threads.ts'],
  yaml: [
    'src/import/kubernetes/collector.ts',
    'src/import/kubernetes/read-yaml.ts',
    'src/import/replay/node-list.ts',
    'src/scenario/document.ts',
    'src/scenario/print-yaml.ts',
  ],
};

export interface Import {
  readonly node: ts.Node;
  readonly specifier: string;
  readonly typeOnly: boolean;
}

function isTypeOnly(node: ts.ImportDeclaration | ts.ExportDeclaration): boolean {
  if (ts.isExportDeclaration(node)) return node.isTypeOnly;
  const clause = node.importClause;
  if (clause === undefined) return false;
  if (clause.isTypeOnly) return true;
  const named = clause.namedBindings;
  if (clause.name !== undefined || named === undefined || !ts.isNamedImports(named)) return false;
  return named.elements.length > 0 && named.elements.every((element) => element.isTypeOnly);
}

export function imports(file: SourceFile): Import[] {
  const found: Import[] = [];
  for (const node of nodes(file.tree)) {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
      if (node.moduleSpecifier === undefined || !ts.isStringLiteral(node.moduleSpecifier)) continue;
      found.push({ node, specifier: node.moduleSpecifier.text, typeOnly: isTypeOnly(node) });
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const argument = node.arguments[0];
      if (ts.isStringLiteral(argument))
        found.push({ node, specifier: argument.text, typeOnly: false });
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      const { literal } = node.argument;
      if (ts.isStringLiteral(literal))
        found.push({ node, specifier: literal.text, typeOnly: true });
    }
  }
  return found;
}

/**
 * 'src/core' of 'src/core/math/pow.ts'; 'src/index.ts' is a room of its own; else the top folder.
 */
export function roomOf(path: string): string {
  const parts = path.split('/');
  if (parts[0] !== 'src' && parts[0] !== 'models') return parts[0];
  return parts.slice(0, 2).join('/');
}

function packageOf(specifier: string): string {
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0];
}

function checkPackage(file: SourceFile, { node, specifier }: Import): Finding[] {
  const name = packageOf(specifier);
  const wrappers = PACKAGES[name];
  if (wrappers === undefined)
    return [finding(file, node, `'${specifier}' is not in PACKAGES of tests/tidy/rooms.ts`)];
  if (wrappers.includes(file.path)) return [];
  return [finding(file, node, `'${name}' is wrapped by ${wrappers.join(', ')}: import that`)];
}

function checkRoom(file: SourceFile, { node, specifier, typeOnly }: Import): Finding[] {
  const target = posix.join(posix.dirname(file.path), specifier);
  const from = roomOf(file.path);
  const to = roomOf(target);
  if (from === to) return [];
  const room = ROOMS[from];
  const may = room.code.includes(to) || (typeOnly && (room.types ?? []).includes(to));
  if (!may) {
    const hint = (room.types ?? []).includes(to) ? ' (but for types)' : '';
    return [finding(file, node, `${from} must not import ${to}${hint}: see docs/internals.md`)];
  }
  if (target.endsWith('/index.ts') || target in OPEN_FILES) return [];
  return [finding(file, node, `import ${to}/index.ts, not ${target}`)];
}

/** Imports of one file of src/ or models/ that the table of rooms does not allow. */
export function checkImports(file: SourceFile): Finding[] {
  const room = ROOMS[roomOf(file.path)];
  if (room === undefined)
    return [finding(file, file.tree, `${roomOf(file.path)} is no room of tests/tidy/rooms.ts`)];
  return imports(file).flatMap((imported) => {
    const { node, specifier } = imported;
    if (specifier.startsWith('node:')) {
      if (room.node) return [];
      return [
        finding(file, node, `'${specifier}': only src/cli, src/executor, src/host use node:*`),
      ];
    }
    if (!specifier.startsWith('.')) return checkPackage(file, imported);
    if (!/\.(ts|mjs)$/.test(specifier))
      return [finding(file, node, `'${specifier}': imports end in .ts`)];
    return checkRoom(file, imported);
  });
}

/** The table as docs/internals.md shows it. */
export function roomsTable(): string {
  const lines = Object.entries(ROOMS).map(([name, room]) => {
    const types = (room.types ?? []).map((other) => `${other} (types)`);
    const all = [...room.code, ...types, ...(room.node ? ['node:*'] : [])];
    return `| ${name} | ${room.what} | ${all.length > 0 ? all.join(', ') : '–'} |`;
  });
  return `| room | what it is | may import |\n|---|---|---|\n${lines.join('\n')}\n`;
}
