/** OpenMetrics as Prometheus reads it, and the trace as Perfetto reads it. */
import * as assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import { openMetrics, perfettoTrace } from '../../src/report/index.ts';
import { planRuns, type RunResult, startRun } from '../../src/run/index.ts';
import { parseScenario } from '../../src/scenario/index.ts';

const test = suite('exports');

const PROMTOOL = process.env.PROMTOOL ?? '/usr/bin/promtool';
const HOW_TO_INSTALL = 'apt-get install -y prometheus';
const START = 1_735_689_600;

const SCENARIO = `apiVersion: wavetank/v1alpha1
kind: Scenario
metadata: { name: exported }
horizon: 12s
warmup: 2s
seriesInterval: 2s
replications: 1
etcd: { version: "3.6", members: 1 }
kubernetes:
  version: "1.35"
  controlPlane: { replicas: 1, cores: 4, memory: 16GiB }
  nodeGroups: [{ name: worker, count: 4 }]
  load:
    - { name: web, start: 3s, create: { kind: Deployment, replicas: 8 } }
faults:
  - { name: stall, at: 5s, for: 500ms, stallDisk: etcd/0 }
thresholds:
  - { metric: etcd_disk_wal_fsync_duration_seconds, expect: max < 10s, window: after(stall) }
`;

function simulated(): RunResult {
  const { scenario, problems } = parseScenario(SCENARIO, { file: 'exported.yaml' });
  assert.deepEqual(problems, []);
  const [plan] = planRuns([scenario!]);
  const run = startRun(plan);
  while (!run.advance(1 << 20)) {
    // To the horizon.
  }
  return run.finish();
}

const run = simulated();
const text = [...openMetrics(run, { startSeconds: START })].join('');

/** Values by time of all series of this name whose labels hold the text. */
function values(name: string, labels = ''): Map<string, number> {
  const found = new Map<string, number>();
  for (const line of text.split('\n')) {
    const match = /^([a-zA-Z_:0-9]+)(?:\{(.*)\})? (\S+) (\S+)$/.exec(line);
    if (match === null || match[1] !== name || !(match[2] ?? '').includes(labels)) continue;
    found.set(match[4], (found.get(match[4]) ?? 0) + Number(match[3]));
  }
  return found;
}

const FSYNC = 'etcd_disk_wal_fsync_duration_seconds';

test('names are those of the real components, and dashboards find job and instance', () => {
  assert.match(
    text,
    /\n# TYPE etcd_disk_wal_fsync_duration_seconds histogram\n# UNIT .* seconds\n/,
  );
  assert.match(
    text,
    /_seconds_bucket\{instance="etcd\/0",job="etcd",le="0\.001",member="etcd\/0"\} /,
  );
  // The family of a counter is named without the ending of its samples.
  assert.match(text, /\n# TYPE apiserver_request counter\n/);
  assert.match(text, /\napiserver_request_total\{[^}]*job="apiserver"/);
  assert.ok(text.endsWith('\n# EOF\n'));
});

test('a histogram ends as the run counted, bucket by bucket', () => {
  const tally = run.metrics.tallies.find(({ name }) => name === FSYNC);
  const total = tally!.perSegment.reduce((sum, { total }) => sum + total, 0);
  // 12 s after the start.
  const end = `${START + 12}.000`;
  assert.ok(total > 0);
  assert.equal(values(`${FSYNC}_count`).get(end), total);
  assert.equal(values(`${FSYNC}_bucket`, 'le="+Inf"').get(end), total);
  const first = tally!.prometheus!.perSegment.reduce((sum, counts) => sum + counts[0], 0);
  assert.equal(values(`${FSYNC}_bucket`, 'le="0.001"').get(end), first);
});

test('a histogram never falls, over time or over its buckets', () => {
  const les = ['0.001', '0.002', '0.008', '0.128', '+Inf'];
  const columns = les.map((le) => [...values(`${FSYNC}_bucket`, `le="${le}"`).values()]);
  assert.ok(columns[0].length >= 6);
  columns.forEach((column, b) => {
    column.forEach((value, i) => {
      assert.ok(i === 0 || value >= column[i - 1]);
      assert.ok(b === 0 || value >= columns[b - 1][i]);
    });
  });
});

test('every count of an interval is where the series has it', () => {
  // From the end of the warm-up (2 s) on; no edge of a window at 4 s.
  const series = run.metrics.series.find((s) => s.name === FSYNC && s.field === 'count');
  const counts = values(`${FSYNC}_count`);
  assert.equal(counts.get(`${START + 2}.000`), 0);
  assert.equal(counts.get(`${START + 4}.000`), series!.values[1]);
});

test('no sample comes twice', () => {
  const samples = text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.replace(/ \S+ (\S+)$/, ' $1'));
  assert.equal(new Set(samples).size, samples.length);
});

function promtool(): void {
  const folder = mkdtempSync(join(tmpdir(), 'wavetank-promtool-'));
  try {
    const file = join(folder, 'run.txt');
    writeFileSync(file, text);
    const blocks = join(folder, 'blocks');
    execFileSync(PROMTOOL, ['tsdb', 'create-blocks-from', 'openmetrics', file, blocks]);
    // An empty log, so that the folder is a whole data base.
    mkdirSync(join(blocks, 'wal'));
    const match = `{__name__="${FSYNC}_count"}`;
    const dumped = String(execFileSync(PROMTOOL, ['tsdb', 'dump', `--match=${match}`, blocks]));
    const samples = dumped.trim().split('\n');
    // Lines are: labels value time in ms.
    const there = samples.map((line) =>
      line
        .replace(/^\{.*\} /, '')
        .split(' ')
        .map(Number),
    );
    const here = [...values(`${FSYNC}_count`)].map(([time, v]) => [
      v,
      Math.round(Number(time) * 1000),
    ]);
    assert.deepEqual(there, here);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const PROMTOOL_TITLE = "Prometheus' promtool makes blocks of the text, with the same values";
if (existsSync(PROMTOOL)) test(PROMTOOL_TITLE, promtool);
else {
  console.log(`skipped: ${PROMTOOL_TITLE}\n  there is no ${PROMTOOL}: ${HOW_TO_INSTALL}`);
  test.skip(PROMTOOL_TITLE, () => assert.fail());
}

interface Traced {
  readonly name: string;
  readonly cat?: string;
  readonly ph: string;
  readonly pid: number;
  readonly id?: string;
  readonly ts?: number;
  readonly args?: Readonly<Record<string, unknown>>;
}

const trace = JSON.parse([...perfettoTrace(run)].join('')) as { traceEvents: Traced[] };

test('a trace has a process for each component', () => {
  const names = trace.traceEvents.filter(({ ph }) => ph === 'M').map(({ args }) => args?.name);
  for (const name of ['faults', 'pods', 'etcd/0', 'kube-apiserver/0', 'kube-scheduler/0']) {
    assert.ok(names.includes(name), `${name} of ${names}`);
  }
  assert.equal(new Set(names).size, names.length);
});

test('the life of every pod is a span that ends, with its stages inside', () => {
  const pods = trace.traceEvents.filter(({ cat }) => cat === 'pod');
  const lives = pods.filter(({ name }) => !name.startsWith('until '));
  assert.equal(lives.filter(({ ph }) => ph === 'b').length, 8);
  for (const { id } of lives) {
    const own = pods.filter((event) => event.id === id);
    const open: string[] = [];
    for (const { name, ph } of own) {
      if (ph === 'b') open.push(name);
      else assert.equal(open.pop(), name);
    }
    assert.deepEqual(open, []);
    assert.ok(own.some(({ name }) => name === 'until bound'));
    own.forEach(({ ts }, i) => {
      assert.ok(i === 0 || ts! >= own[i - 1].ts!);
    });
  }
});

test('a fault is an instant and a span, in microseconds', () => {
  const faults = trace.traceEvents.filter(({ cat }) => cat === 'fault');
  assert.deepEqual(
    faults.map(({ name, ph, ts }) => [name, ph, ts]),
    [
      ['stall', 'i', 5_000_000],
      ['stall', 'b', 5_000_000],
      ['stall', 'e', 5_500_000],
    ],
  );
});

test('a trace leaves no fault out, however many there were', () => {
  const events = Array.from({ length: 100 }, (_, i) => [
    { timeNs: i * 1e8, kind: 'fault', subject: 'flap', detail: '' },
    { timeNs: i * 1e8 + 5e7, kind: 'fault over', subject: 'flap', detail: '' },
  ]).flat();
  const lines = [...perfettoTrace({ ...run, metrics: { ...run.metrics, events } })];
  assert.equal(lines.filter((line) => /"cat":"fault".*"ph":"b"/.test(line)).length, 100);
});

test.run();
