/** wavetank report: pages and pictures of what was run, in which text of a scenario stays text. */
import * as assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import { parseDocument } from 'yaml';
import { call, temporaryFolder } from './support.ts';

const test = suite('report');
const folder = temporaryFolder();
const at = (name: string): string => join(folder.path, name);
test.after(() => folder.remove());

const EVIL = '</pre><script>window.evil = 1</script><img src=x onerror=alert(1)>';

const SCENARIO = `apiVersion: wavetank/v1alpha1
kind: Scenario
metadata: { name: page, description: "${EVIL}" }
horizon: 4s
warmup: 1s
replications: 2
seriesInterval: 200ms
etcd: { members: 3, disk: { fsync: { constant: 1ms } } }
workload:
  - { name: w, op: put, rate: 200/s, target: leader }
faults:
  - { name: stall, at: 2s, for: 500ms, stallDisk: etcd/leader }
thresholds:
  - { metric: 'wavetank_client_request_duration_seconds{op="put"}', expect: p50 < 20ms }
`;

test.before(async () => {
  writeFileSync(at('s.yaml'), SCENARIO);
  const run = ['--executor', 'in-process', '--out'];
  assert.equal((await call(['run', at('s.yaml'), ...run, at('one')])).code, 0);
  const axes = ['-s', 'etcd.disk.fsync.constant=1ms,4ms', '-s', 'etcd.members=1,3'];
  await call(['sweep', at('s.yaml'), ...axes, '--seeds', '1', ...run, at('many')]);
});

async function report(name: string, ...argv: string[]): Promise<string> {
  const printed = await call(['report', at(name), '--out', at(`${name}.html`), ...argv]);
  assert.equal(printed.code, 0, printed.err);
  return readFileSync(at(`${name}.html`), 'utf8');
}

/** Headings of the page, as a screen reader lists them. */
function headings(html: string): string[] {
  return [...html.matchAll(/<h[123][^>]*>([^<]*)</g)].map((match) => match[1]);
}

test('the page of a run has every part', async () => {
  const html = await report('one');
  assert.deepEqual(headings(html), [
    'page',
    'Thresholds',
    'The cluster',
    'Over time (first replication)',
    'Percentiles',
    'Requests',
    'Where the time goes',
    'Bottlenecks',
    'Faults',
    'Components',
    'Warnings',
    'Not as validated',
    'Scenario, and the command that repeats it',
  ]);
  assert.match(html, /<span class="verdict good">✓ every threshold holds<\/span>/);
  assert.match(html, /npx wavetank run [^<]*s\.yaml/);
  // The fault lasted from 2 s to 2.5 s of 4 s: an eighth of the 398 units of the axis, 49.75.
  assert.match(html, /<rect class="fault" x="261" y="26" width="49\.75"/);
});

test('text of a scenario is text: no tag of it arrives', async () => {
  const html = await report('one');
  assert.equal(html.includes('<script'), false);
  assert.equal(html.includes('<img'), false);
  assert.ok(html.includes('&lt;script&gt;window.evil = 1&lt;/script&gt;'));
  assert.match(html, /Content-Security-Policy" content="default-src &#39;none&#39;; style-src/);
  assert.equal(/(src|href)="(?!#)/.test(html), false);
});

test('the scenario in the page reads back, every default filled in', async () => {
  const html = await report('one');
  const code = [...html.matchAll(/<code>([^<]*)<\/code>/g)].at(-1)?.[1] ?? '';
  const text = code
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
  const yaml = parseDocument(text).toJS() as { metadata: { description: string } };
  assert.equal(yaml.metadata.description, EVIL);
});

test('a sweep is drawn over each of its axes, with the limit and the points in depth', async () => {
  const html = await report('many');
  const captions = [...html.matchAll(/<figcaption>([^<]*)</g)].map((match) => match[1]);
  for (const axis of ['etcd.disk.fsync.constant', 'etcd.members']) {
    assert.ok(captions.includes(`p50 of put (w) over ${axis}`), captions.join('\n'));
  }
  assert.match(html, /class="limit-text small"[^>]*>p50 &lt; 20ms</);
  assert.ok(headings(html).includes('fsync 1ms, members 1'));
  assert.ok(headings(html).includes('fsync 4ms, members 3'));
});

test('ids are unique, and every label names one', async () => {
  for (const name of ['one', 'many']) {
    const html = await report(name);
    const ids = [...html.matchAll(/ id="([^"]*)"/g)].map((match) => match[1]);
    assert.equal(new Set(ids).size, ids.length, ids.filter((id, i) => ids.indexOf(id) < i).join());
    for (const [, text] of html.matchAll(/aria-labelledby="([^"]*)"/g)) {
      for (const id of text.split(' ')) assert.ok(ids.includes(id), id);
    }
  }
});

test('two times the same page, byte by byte', async () => {
  assert.equal(await report('many'), await report('many'));
});

test('pictures as files, one for each in the page', async () => {
  const html = await report('one', '--svg', at('svg'));
  const files = readdirSync(at('svg'));
  assert.equal(files.length, html.match(/<figure/g)?.length);
  assert.ok(files.includes('topology.svg'), files.join());
  for (const file of files) {
    const svg = readFileSync(join(at('svg'), file), 'utf8');
    assert.match(svg, /<title id="[^"]+">[^<]+<\/title><desc/);
    assert.equal(svg.includes('NaN'), false);
  }
});

test('curves on the terminal with --plot', async () => {
  const printed = await call(['report', at('many'), '--out', at('p.html'), '--plot']);
  assert.equal(printed.code, 0);
  assert.match(printed.out, /p50 of put \(w\) over etcd\.disk\.fsync\.constant: members 1\n/);
  assert.match(printed.out, /┤.*●/);
});

test('a run in formats of other tools', async () => {
  const out = ['--out', `openmetrics=${at('om/run.txt')}`, '--out', 'perfetto'];
  const printed = await call(['export', at('many'), ...out, '--point', '3', '--start', '1000']);
  assert.equal(printed.code, 0, printed.err);
  assert.equal(printed.out, `${at('om/run.txt')}\n${join(at('many'), 'trace.json')}\n`);
  const lines = readFileSync(at('om/run.txt'), 'utf8').split('\n');
  assert.equal(lines.at(-2), '# EOF');
  // The run ends 4 s after its start.
  assert.ok(lines.some((line) => /^etcd_server_proposals_applied_total\{.* 1004\.000$/.test(line)));
  const trace = JSON.parse(readFileSync(join(at('many'), 'trace.json'), 'utf8'));
  assert.ok(trace.traceEvents.length > 100);
});

test('an export of what is not there is refused in words', async () => {
  const out = ['--out', 'openmetrics=x'];
  const none = await call(['export', at('many'), ...out, '--point', '9']);
  assert.match(none.err, /WT8037 .* has no point 9, replication 0/);
  assert.match((await call(['export', at('many')])).err, /WT8036 no format to write/);
  const kind = await call(['export', at('many'), '--out', 'parquet=x']);
  assert.match(kind.err, /Expected openmetrics or perfetto/);
});

test('a folder without results is refused in words', async () => {
  const printed = await call(['report', folder.path]);
  assert.equal(printed.code, 2);
  assert.match(printed.err, /WT8033 .* holds no results/);
});

test.run();
