import * as assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as safe from '../../src/analyze/simple-statistics.ts';

const test = suite('simple-statistics');

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const SOURCE = join(ROOT, 'node_modules', 'simple-statistics', 'src');
/** Of Math, what gives the same bits on every engine. */
const SAFE_OF_MATH = ['abs', 'floor', 'ceil', 'round', 'trunc', 'sign', 'min', 'max', 'sqrt'];

/** Calls each exported function with more values than any branch for long inputs asks for. */
function callAll(): unknown[] {
  const x = Array.from({ length: 2000 }, (_, i) => ((i * 7919) % 2003) / 7);
  const y = x.map((value, i) => value * 2 + (i % 5));
  const sorted = [...x].sort((a, b) => a - b);
  return [
    safe.mean(x),
    safe.min(x),
    safe.max(x),
    safe.sum(x),
    safe.sampleVariance(x),
    safe.sampleStandardDeviation(x),
    safe.standardDeviation(x),
    safe.sampleCovariance(x, y),
    safe.sampleCorrelation(x, y),
    safe.medianSorted(sorted),
    safe.quantileSorted(sorted, 0.99),
    safe.linearRegressionLine(safe.linearRegression(x.map((value, i) => [value, y[i]])))(3),
  ];
}

test('every function that the door lets through is called by this test', () => {
  const called = callAll().length + 1; // linearRegression and linearRegressionLine are one call.
  assert.equal(Object.keys(safe).length, called);
});

test('the functions give the same without any transcendental function of Math', () => {
  const before = callAll();
  const originals = new Map<string, unknown>();
  const math = Math as unknown as Record<string, unknown>;
  for (const name of Object.getOwnPropertyNames(Math)) {
    if (typeof math[name] !== 'function' || SAFE_OF_MATH.includes(name)) continue;
    originals.set(name, math[name]);
    math[name] = () => {
      throw new Error(`Math.${name} was called`);
    };
  }
  try {
    assert.ok(originals.has('pow') && originals.has('log') && originals.has('exp'));
    assert.deepEqual(callAll(), before);
  } finally {
    for (const [name, original] of originals) math[name] = original;
  }
});

/** The file of a function and all files that it imports. */
function sourcesOf(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  const text = readFileSync(join(SOURCE, file), 'utf8');
  for (const [, path] of text.matchAll(/from "\.\/([\w.]+)"/g)) sourcesOf(path, seen);
  return seen;
}

test('their source names no function of Math beyond the safe ones, but for the branch for cubes', () => {
  for (const name of Object.keys(safe)) {
    const file = `${name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`)}.js`;
    for (const source of sourcesOf(file)) {
      const text = readFileSync(join(SOURCE, source), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');
      const code = text.replace(/\/\/.*$/gm, '');
      const used = [...code.matchAll(/Math\.(\w+)/g)].map((match) => match[1]);
      const unsafe = used.filter((word) => !SAFE_OF_MATH.includes(word));
      // Math.pow there is for powers other than 2, which no function here asks for.
      const allowed = source === 'sum_nth_power_deviations.js' ? ['pow'] : [];
      assert.deepEqual(unsafe, allowed, `${name}: ${source}`);
      assert.ok(!code.includes('**'), `${name}: ${source}`);
    }
  }
});

test('nothing else in src imports simple-statistics', () => {
  const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' });
  const importing = files.filter((file) => {
    if (!file.endsWith('.ts')) return false;
    return readFileSync(join(ROOT, 'src', file), 'utf8').includes(`from 'simple-statistics'`);
  });
  assert.deepEqual(importing, [join('analyze', 'simple-statistics.ts')]);
});

test.run();
