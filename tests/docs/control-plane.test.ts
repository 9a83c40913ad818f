/**
 * Pages about the control plane that are written from the code: what differs between versions, and
 * the constants. WAVETANK_UPDATE=1 writes them.
 */
import * as assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import { featuresOf as apiServerFeatures } from '../../models/apiserver/features.ts';
import { apiServerConstants, storageConstants } from '../../models/apiserver/index.ts';
import { clientGoConstants } from '../../models/client-go/index.ts';
import { controllerConstants } from '../../models/controllers/index.ts';
import { nodeConstants } from '../../models/node/index.ts';
import { schedulerConstants } from '../../models/scheduler/index.ts';
import { featuresOf as schedulerFeatures } from '../../models/scheduler/versions.ts';
import type { ConstantEntry } from '../../src/core/index.ts';
import { type KubernetesScenario, parseScenario } from '../../src/scenario/index.ts';

const test = suite('pages of the control plane');

const ROOT = new URL('../../', import.meta.url);
const ROOMS = ['apiserver', 'client-go', 'scheduler', 'controllers', 'node'];
const VERSIONS = Array.from({ length: 10 }, (_, i) => `1.${28 + i}`);

/** Constants of the code that name the minor version from which on something holds. */
function switches(): Map<string, number> {
  const found = new Map<string, number>();
  for (const room of ROOMS) {
    const folder = new URL(`models/${room}/`, ROOT);
    for (const entry of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      if (!entry.endsWith('.ts')) continue;
      const text = readFileSync(new URL(entry, folder), 'utf8');
      for (const [, name, minor] of text.matchAll(/^const (\w+_(?:MINOR|SINCE)) = (\d+);$/gm)) {
        found.set(name, Number(minor));
      }
    }
  }
  return found;
}

/** What a switch, or a feature, does. */
const described: Readonly<Record<string, string>> = {
  consistentListFromCache:
    'kube-apiserver: lists without a resourceVersion come from the watch cache (ConsistentListFromCache)',
  CONSISTENT_MINOR: '',
  CONSISTENT_LIST_MINOR: 'kube-apiserver: reads that wait ask etcd how far it is',
  RESILIENT_MINOR:
    'kube-apiserver: what would wait for a cache that fills is refused (ResilientWatchCacheInitialization)',
  streamingLists: 'kube-apiserver: lists are encoded item by item (StreamingCollectionEncoding)',
  listSeatsBySize: 'kube-apiserver: seats of a list follow its bytes (SizeBasedListCostEstimate)',
  SNAPSHOT_MINOR: 'kube-apiserver: pages come from snapshots of the cache (ListFromCacheSnapshot)',
  CONSISTENCY_CHECK_MINOR:
    'kube-apiserver: caches are compared with etcd (DetectCacheInconsistency)',
  readyWaitsForCaches:
    'kube-apiserver: readyz waits for its caches (WatchCacheInitializationPostStartHook)',
  CONCURRENT_DECODE_MINOR: 'kube-apiserver: ten decoders fill a cache',
  WATCH_LIST_SINCE: 'client-go: informers stream their first list (WatchListClient)',
  hints: 'kube-scheduler: plugins judge events (SchedulerQueueingHints)',
  asyncPreemption:
    'kube-scheduler: victims are deleted beside the cycle (SchedulerAsyncPreemption)',
  popFromBackoff: 'kube-scheduler: an idle queue takes from back-off (SchedulerPopFromBackoffQ)',
};

function scenarioOf(version: string): KubernetesScenario {
  const head = 'apiVersion: wavetank/v1alpha1\nkind: Scenario\nmetadata: { name: a }\n';
  const text = `${head}kubernetes: { version: "${version}", nodeGroups: [{ count: 1 }] }\n`;
  const kubernetes = parseScenario(text, { file: 'a' }).scenario?.kubernetes;
  assert.ok(kubernetes);
  return kubernetes;
}

/** Defaults of flags and configuration that follow the version. */
const defaults: readonly (readonly [string, (scenario: KubernetesScenario) => string])[] = [
  [
    'kube-controller-manager: `--node-monitor-grace-period`',
    (s) => `${s.controllerManager.nodeMonitorGracePeriodNs / 1e9} s`,
  ],
  [
    'kubelet: `kubeAPIQPS`/`kubeAPIBurst`',
    ({ nodeGroups: [{ kubelet }] }) => `${kubelet.qps}/${kubelet.burst}`,
  ],
];

function versionsTable(): string {
  const rows: [string, string[]][] = [];
  const found = switches();
  const features = VERSIONS.map(
    (version): Readonly<Record<string, boolean>> => ({
      ...apiServerFeatures(version),
      ...schedulerFeatures(version),
      ...Object.fromEntries(
        [...found].map(([name, minor]) => [name, Number(version.slice(2)) >= minor]),
      ),
    }),
  );
  for (const [name, text] of Object.entries(described)) {
    if (text !== '') rows.push([text, features.map((f) => (f[name] ? 'yes' : ''))]);
  }
  const scenarios = VERSIONS.map(scenarioOf);
  for (const [text, show] of defaults) rows.push([text, scenarios.map(show)]);
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`;
  const body = rows.map(([text, cells]) => line([text, ...cells])).join('');
  return line(['', ...VERSIONS]) + line(['---', ...VERSIONS.map(() => '---')]) + body;
}

function quantity(value: number, unit: ConstantEntry['unit']): string {
  if (unit === 'ns') {
    if (value >= 1e9) return `${value / 1e9} s`;
    if (value >= 1e6) return `${value / 1e6} ms`;
    return value >= 1e3 ? `${value / 1e3} us` : `${value} ns`;
  }
  if (unit === 'bytesPerSecond') return `${value / 1e6} MB/s`;
  return unit === 'bytes' ? `${value} B` : String(value);
}

function constantsTables(): string {
  const rooms: readonly (readonly [string, readonly ConstantEntry[]])[] = [
    ['kube-apiserver', apiServerConstants],
    ['Storage and watch cache', storageConstants],
    ['Clients', clientGoConstants],
    ['kube-scheduler', schedulerConstants],
    ['kube-controller-manager', controllerConstants],
    ['Nodes', nodeConstants],
  ];
  const sections = rooms.map(([title, entries]) => {
    const rows = entries.map(({ name, value, low, high, unit, mark, source }) => {
      const range = `${quantity(low, unit)} to ${quantity(high, unit)}`;
      const cells = [name, quantity(value, unit), range, mark, source];
      return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
    });
    const head = '| name | value | range | mark | source |\n|---|---|---|---|---|\n';
    return `\n## ${title}\n\n${head}${rows.join('')}`;
  });
  return sections.join('');
}

function isAsWritten(page: string, name: string, expected: string): void {
  const path = new URL(`docs/models/${page}`, ROOT);
  const text = readFileSync(path, 'utf8');
  const begin = `<!-- ${name}: written by tests/docs/control-plane.test.ts -->\n`;
  const end = `\n<!-- end of ${name} -->`;
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  assert.ok(from >= 0 && to > from, 'the markers are there');
  if (process.env.WAVETANK_UPDATE === '1') {
    writeFileSync(path, text.slice(0, from + begin.length) + expected + text.slice(to));
    return;
  }
  assert.equal(text.slice(from + begin.length, to), expected);
}

test('The table of versions is what the code does.', () => {
  isAsWritten('versions.md', 'versions', versionsTable());
});

test('Every switch of the code that two versions differ in stands in the table.', () => {
  const names = new Set(switches().keys());
  for (const features of [apiServerFeatures, schedulerFeatures]) {
    const [first, last]: Readonly<Record<string, boolean>>[] = [
      { ...features('1.28') },
      { ...features('1.37') },
    ];
    for (const name of Object.keys(first)) if (first[name] !== last[name]) names.add(name);
  }
  assert.deepEqual([...names].sort(), Object.keys(described).sort());
  // Written twice in the code, once in the table.
  assert.equal(switches().get('CONSISTENT_MINOR'), switches().get('CONSISTENT_LIST_MINOR'));
  assert.equal(apiServerFeatures('1.31').consistentListFromCache, true);
  assert.equal(apiServerFeatures('1.30').consistentListFromCache, false);
});

test('The page of constants lists each with its value, range, mark and source.', () => {
  isAsWritten('control-plane-costs.md', 'constants', constantsTables());
});

test.run();
