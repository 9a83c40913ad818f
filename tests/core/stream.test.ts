import * as assert from 'node:assert/strict';
import fc from 'fast-check';
import { suite } from 'uvu';
import {
  hashPieces,
  hashSeed,
  hashText,
  mixUniform,
  Simulation,
  type Stream,
} from '../../src/core/index.ts';
import { Sfc32 } from '../../src/core/stream.ts';

const test = suite('core/stream');

function simulation(seed = 'seed'): Simulation {
  return new Simulation({ seed, horizonNs: 1e9 });
}

interface Moments {
  readonly mean: number;
  readonly variance: number;
  /** Mean of the third and fourth powers of the values, not centred. */
  readonly third: number;
  readonly fourth: number;
}

function momentsOf(count: number, draw: () => number): Moments {
  const sums = [0, 0, 0, 0];
  for (let i = 0; i < count; i++) {
    const x = draw();
    sums[0] += x;
    sums[1] += x * x;
    sums[2] += x * x * x;
    sums[3] += x * x * x * x;
  }
  const [mean, second, third, fourth] = sums.map((sum) => sum / count);
  return { mean, variance: second - mean * mean, third, fourth };
}

function close(actual: number, expected: number, tolerance: number, what: string): void {
  const distance = Math.abs(actual - expected);
  assert.ok(distance <= tolerance, `${what}: ${actual} is not ${expected} +- ${tolerance}`);
}

/**
 * Greatest distance between the empirical and the true distribution function (Kolmogorov and
 * Smirnov).
 */
function ksDistance(values: number[], cdf: (x: number) => number): number {
  const sorted = Float64Array.from(values).sort();
  let most = 0;
  for (let i = 0; i < sorted.length; i++) {
    const p = cdf(sorted[i]);
    most = Math.max(most, Math.abs(p - i / sorted.length), Math.abs(p - (i + 1) / sorted.length));
  }
  return most;
}

test('the first draws of a stream have not changed', () => {
  const stream = simulation('golden').stream('etcd/0/disk/fsync');
  assert.deepEqual(
    [stream.u32(), stream.u32(), stream.u32()],
    [4224230079, 2870982668, 3248528025],
  );
  assert.deepEqual(
    [
      stream.uniform(),
      stream.below(1000),
      stream.exponential(),
      stream.normal(),
      stream.exponentialInverse(),
      stream.normalInverse(),
    ],
    [
      0.984013199818666, 315, 1.3014010172907398, 0.37580350641940635, 0.6513623318590526,
      0.4782081434357903,
    ],
  );
});

test('sfc32 agrees with its definition in 32-bit arithmetic over big integers', () => {
  // PractRand's sfc.cpp: tmp = a + b + counter++; a = b ^ (b >> 9); b = c + (c << 3); c = rotate(c,
  // 21) + tmp.
  const mask = 0xffffffffn;
  let [a, b, c, counter] = [0xdeadbeefn, 0x01234567n, 0x89abcdefn, 1n];
  const next = () => {
    const sum = (a + b + counter) & mask;
    counter = (counter + 1n) & mask;
    a = b ^ (b >> 9n);
    b = (c + (c << 3n)) & mask;
    c = (((c << 21n) | (c >> 11n)) + sum) & mask;
    return Number(sum);
  };
  for (let i = 0; i < 12; i++) next();
  const stream = new Sfc32(0xdeadbeef, 0x01234567, 0x89abcdef, 1);
  for (let i = 0; i < 10_000; i++) assert.equal(stream.u32(), next());
});

test('a stream depends on seed and name alone, not on what other streams there are', () => {
  const alone = simulation().stream('etcd/0/disk/fsync');
  const busy = simulation();
  for (let i = 0; i < 100; i++) busy.stream(`other/${i}`).uniform();
  const among = busy.stream('etcd/0/disk/fsync');
  for (let i = 0; i < 1000; i++) assert.equal(among.u32(), alone.u32());
});

test('names and seeds that differ in one character give unrelated streams', () => {
  const streams: Stream[] = [];
  for (let i = 0; i < 40; i++) streams.push(simulation().stream(`member/${i}/fsync`));
  for (let i = 0; i < 40; i++) streams.push(simulation(`seed${i}`).stream('member/0/fsync'));
  const count = 2000;
  const columns = streams.map((s) => Array.from({ length: count }, () => s.uniform() - 0.5));
  for (let i = 0; i < columns.length; i++) {
    for (let j = 0; j < i; j++) {
      let product = 0;
      for (let k = 0; k < count; k++) product += columns[i][k] * columns[j][k];
      // The correlation of independent columns has a standard deviation of 1 / sqrt(2000) = 0.022.
      assert.ok(Math.abs((product / count) * 12) < 0.022 * 5.5, `columns ${i} and ${j}`);
    }
  }
});

test('a seed and a name cannot run into each other', () => {
  assert.notEqual(simulation('a').stream('bc').u32(), simulation('ab').stream('c').u32());
});

test('the same name twice is an invariant violation', () => {
  const sim = simulation();
  sim.stream('x');
  assert.throws(() => sim.stream('x'), /random stream x is asked for twice/);
});

test('uniform draws lie strictly between 0 and 1, on odd multiples of 2^-53', () => {
  const stream = simulation().stream('u');
  const values: number[] = [];
  for (let i = 0; i < 200_000; i++) {
    const u = stream.uniform();
    const multiple = u * 2 ** 53;
    assert.ok(u > 0 && u < 1 && multiple % 2 === 1);
    assert.equal(1 - (1 - u), u);
    values.push(u);
  }
  // 1.95 / sqrt(n) is exceeded once in a thousand runs.
  assert.ok(ksDistance(values, (x) => x) < 1.95 / Math.sqrt(values.length));
});

test('below(n) is uniform over 0 to n - 1 for sizes that do not divide 2^32', () => {
  for (const n of [1, 2, 3, 7, 10, 1000]) {
    const stream = simulation().stream(`below/${n}`);
    const counts = new Float64Array(n);
    const draws = 200 * n + 10_000;
    for (let i = 0; i < draws; i++) counts[stream.below(n)]++;
    const expected = draws / n;
    let chiSquare = 0;
    for (const count of counts) chiSquare += (count - expected) ** 2 / expected;
    assert.ok(chiSquare < n - 1 + 5 * Math.sqrt(2 * n), `n = ${n}: ${chiSquare}`);
  }
});

test('below(3 * 2^30) does not favour the lower part, as a remainder would', () => {
  const stream = simulation().stream('below/large');
  let low = 0;
  const draws = 30_000;
  for (let i = 0; i < draws; i++) if (stream.below(3 * 2 ** 30) < 2 ** 30) low++;
  // A third without bias, a half with it.
  close(low / draws, 1 / 3, 0.012, 'share of the lowest third');
});

test('below refuses what is no integer from 1 to 2^32', () => {
  const stream = simulation().stream('below');
  for (const n of [0, -1, 1.5, Number.NaN, 2 ** 32 + 1]) assert.throws(() => stream.below(n));
  assert.ok(stream.below(2 ** 32) < 2 ** 32);
});

const SAMPLES = 400_000;
type Variate = 'exponential' | 'normal' | 'exponentialInverse' | 'normalInverse';
const EXPONENTIALS: readonly Variate[] = ['exponential', 'exponentialInverse'];
const NORMALS: readonly Variate[] = ['normal', 'normalInverse'];

for (const method of EXPONENTIALS) {
  test(`${method} draws have the moments and the shape of an exponential of mean 1`, () => {
    const stream = simulation().stream(method);
    const values = Array.from({ length: SAMPLES }, () => stream[method]());
    assert.ok(values.every((x) => x >= 0 && Number.isFinite(x)));
    let i = 0;
    const { mean, variance, third } = momentsOf(SAMPLES, () => values[i++]);
    // Standard errors at 400,000 samples: 0.0016, 0.0045, 0.042; allowed are four.
    close(mean, 1, 0.0064, 'mean');
    close(variance, 1, 0.018, 'variance');
    close(third, 6, 0.17, 'third moment');
    assert.ok(ksDistance(values, (x) => 1 - Math.exp(-x)) < 1.95 / Math.sqrt(SAMPLES));
    // The tail of the ziggurat begins at 7.697: 181 of 400,000 are expected beyond it.
    close(values.filter((x) => x > 7.697).length, SAMPLES * Math.exp(-7.697), 54, 'tail');
  });
}

for (const method of NORMALS) {
  test(`${method} draws have the moments and the shape of a standard normal`, () => {
    const stream = simulation().stream(method);
    const values = Array.from({ length: SAMPLES }, () => stream[method]());
    let i = 0;
    const { mean, variance, third, fourth } = momentsOf(SAMPLES, () => values[i++]);
    close(mean, 0, 0.0064, 'mean');
    close(variance, 1, 0.009, 'variance');
    close(third, 0, 0.025, 'third moment');
    close(fourth, 3, 0.062, 'fourth moment');
    // P(|Z| > 3.4426) = 0.000576: 230 beyond the ziggurat's last layer, on both sides alike.
    close(values.filter((x) => x > 3.442619855899).length, 115, 43, 'right tail');
    close(values.filter((x) => x < -3.442619855899).length, 115, 43, 'left tail');
  });
}

test('inverted draws use one uniform each and rise in it', () => {
  for (const method of ['exponentialInverse', 'normalInverse'] as const) {
    const uniforms = simulation().stream('same');
    const variates = simulation().stream('same');
    const pairs = Array.from({ length: 2000 }, () => [uniforms.uniform(), variates[method]()]);
    pairs.sort((x, y) => x[0] - y[0]);
    for (let i = 1; i < pairs.length; i++) assert.ok(pairs[i][1] > pairs[i - 1][1]);
  }
});

test('population draws are uniform over members and over counters', () => {
  for (const state of [0, 1, 0x9e3779b9, 0xffffffff]) {
    const overMembers = Array.from({ length: 50_000 }, (_, i) => mixUniform(state, i, 0));
    const overCounters = Array.from({ length: 50_000 }, (_, i) => mixUniform(state, 3, i));
    for (const values of [overMembers, overCounters]) {
      assert.ok(ksDistance(values, (x) => x) < 1.95 / Math.sqrt(values.length), `state ${state}`);
      let product = 0;
      for (let i = 1; i < values.length; i++) product += (values[i] - 0.5) * (values[i - 1] - 0.5);
      close(
        (product * 12) / values.length,
        0,
        4.5 / Math.sqrt(values.length),
        'serial correlation',
      );
    }
  }
});

test('population draws of one member do not depend on how many members there are', () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(), fc.nat(), (state, member, counter) => {
      const u = mixUniform(state, member, counter);
      assert.ok(u > 0 && u < 1);
      assert.equal(mixUniform(state, member, counter), u);
      assert.notEqual(mixUniform(state, member + 1, counter), u);
      assert.notEqual(mixUniform(state, member, counter + 1), u);
    }),
    { seed: 3 },
  );
});

test('hashText gives 32 hex digits that every character moves', () => {
  assert.match(hashText(''), /^[0-9a-f]{32}$/);
  const texts = ['', '\u0000', 'a', 'b', 'aa', 'ab', 'ba', '\u00e4', '\u{1f30a}', 'a'.repeat(1000)];
  assert.equal(new Set(texts.map(hashText)).size, texts.length);
  // Half of the 128 bits change with one character, 64 +- 5.7, on average over many texts.
  let changed = 0;
  for (let i = 0; i < 500; i++) {
    const x = hashText(`text ${i}`);
    const y = hashText(`text ${i + 1}`);
    for (let digit = 0; digit < 32; digit++) {
      let bits = Number.parseInt(x[digit], 16) ^ Number.parseInt(y[digit], 16);
      for (; bits !== 0; bits >>= 1) changed += bits & 1;
    }
  }
  close(changed / 500, 64, 1.2, 'bits changed');
  assert.equal(hashPieces(['wave', '', 'tank']), hashText('wavetank'));
});

test('seeds of replications differ from each other and from those of other experiments', () => {
  const seeds = new Set<string>();
  for (let r = 0; r < 1000; r++) seeds.add(hashSeed('1', r)).add(hashSeed('11', r));
  assert.equal(seeds.size, 2000);
  assert.equal(hashSeed('1', 0), hashSeed('1', 0));
});

test.run();
