/** Markup, scales and charts: text is data, places are where the arithmetic says. */
import * as assert from 'node:assert/strict';
import fc from 'fast-check';
import { suite } from 'uvu';
import { axisValues } from '../../src/report/axis-values.ts';
import { lineChart } from '../../src/report/line-chart.ts';
import { el, escapeText, fragment } from '../../src/report/markup.ts';
import { svgFile, svgOf } from '../../src/report/picture.ts';
import { linearScale, logScale, roundStep } from '../../src/report/scale.ts';

const test = suite('report: markup, scales, charts');

test('text and attributes are escaped, whatever they hold', () => {
  const evil = `<script>alert("1")</script>&'`;
  const { markup } = el('p', { title: evil }, evil, fragment(evil));
  assert.equal(markup.includes('<script'), false);
  assert.equal(markup.match(/&lt;script&gt;alert\(&quot;1&quot;\)/g)?.length, 3);
  assert.match(markup, /^<p title="&lt;script/);
});

test('no text makes a tag or leaves its attribute', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const escaped = escapeText(text);
      assert.equal(/[<>"']/.test(escaped), false);
      // Every ampersand begins one of our own entities.
      assert.equal(/&(?!amp;|lt;|gt;|quot;|#39;)/.test(escaped), false);
      // What XML 1.0 cannot hold.
      const codes = [...escaped].map((character) => character.codePointAt(0) ?? 0);
      assert.ok(codes.every((code) => code >= 0x20 || code === 9 || code === 10 || code === 13));
    }),
  );
});

test('a linear scale begins at zero and ends at a round number above the data', () => {
  const scale = linearScale([3, 87]);
  // 87 / 5 = 17.4: steps of 20.
  assert.deepEqual(scale.ticks, [0, 20, 40, 60, 80, 100]);
  assert.equal(scale.shareOf(25), 0.25);
  assert.equal(roundStep(0.03), 0.05);
});

test('a logarithmic scale gives each decade the same room', () => {
  const scale = logScale([0.001, 1]);
  assert.equal(scale.min, 0.001);
  assert.equal(scale.max, 1);
  assert.ok(Math.abs(scale.shareOf(0.01) - 1 / 3) < 1e-12);
  assert.ok(Math.abs(scale.shareOf(0.1) - 2 / 3) < 1e-12);
});

test('every value lies between the ends of its scale', () => {
  const values = fc.array(fc.double({ min: 1e-9, max: 1e12, noNaN: true }), { minLength: 1 });
  fc.assert(
    fc.property(values, (all) => {
      for (const scale of [linearScale(all), logScale(all)]) {
        for (const value of all) {
          const share = scale.shareOf(value);
          assert.ok(share >= -1e-9 && share <= 1 + 1e-9, `${scale.kind} ${value}: ${share}`);
        }
      }
    }),
  );
});

test('values of an axis are numbers where all of them are of one kind', () => {
  const durations = axisValues(['1ms', '20ms', '1s']);
  assert.deepEqual([...durations.at.values()], [0.001, 0.02, 1]);
  assert.equal(durations.kind, 'log');
  assert.equal(axisValues([1, 3, 5]).kind, 'linear');
  assert.deepEqual(
    [...axisValues(['gp3', 'nvme']).at],
    [
      ['gp3', 0],
      ['nvme', 1],
    ],
  );
  assert.equal(axisValues(['1ms', '5/s']).named, true);
  // Every unit of a scenario is one here.
  assert.deepEqual([...axisValues(['60/min', '5/s']).at.values()], [1, 5]);
  assert.deepEqual([...axisValues(['125MB/s', '1Gbit/s']).at.values()], [125e6, 125e6]);
  assert.deepEqual([...axisValues(['250m', '1']).at.values()], [250, 1000]);
});

const picture = lineChart({
  id: 'a',
  title: 'Latency <of> puts',
  x: { label: 'rate', kind: 'linear', unit: '1' },
  y: { label: 'p99', unit: 's', kind: 'linear' },
  series: [
    {
      name: 'put',
      points: [
        { x: 0, y: 0.01 },
        { x: 10, y: 0.04, low: 0.03, high: 0.05 },
        { x: 20, y: Number.NaN },
      ],
    },
  ],
  limits: [{ label: 'p99 < 50ms', y: 0.05, fromX: 0, toX: 20 }],
  spans: [{ label: 'stall', from: 5, to: 10 }],
});

test('a chart draws values, limits and spans where they belong', () => {
  const { markup } = svgOf(picture);
  // x: 62 to 460 over 0..20; y: 216 (zero) to 26 (0.05, the top tick).
  assert.match(markup, /<path class="line" d="M62\.0 178\.0L261\.0 64\.0"><\/path>/);
  assert.match(markup, /<path class="limit" d="M62\.0 26\.0H460\.0">/);
  assert.match(markup, /<rect class="fault" x="161\.5" y="26" width="99\.5" height="190">/);
  assert.equal(markup.includes('NaN'), false);
});

test('a chart has words and numbers for those who do not see it', () => {
  const { markup } = svgOf(picture);
  assert.match(
    markup,
    /role="img" aria-labelledby="a-title a-desc"><title id="a-title">Latency &lt;/,
  );
  assert.match(markup, /put: 10\.0 ms to 40\.0 ms\. Limits: p99 &lt; 50ms\. Faults: stall\./);
  assert.deepEqual(picture.table, {
    heads: ['rate', 'put'],
    rows: [
      ['0', '10.0 ms'],
      ['10', '40.0 ms'],
      ['20', '–'],
    ],
  });
});

test('a chart as a file of its own brings its colours and its size', () => {
  const file = svgFile(picture);
  assert.match(
    file,
    /^<\?xml version="1\.0" encoding="UTF-8"\?>\n<svg width="480" height="\d+" xmlns=/,
  );
  assert.match(file, /<style>:root\{color-scheme:light dark/);
});

test.run();
