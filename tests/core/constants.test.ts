import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { type ConstantEntry, Constants } from '../../src/core/index.ts';

const test = suite('core/constants');

const entry: ConstantEntry = {
  name: 'etcd.applyNsPerEntry',
  value: 20_000,
  unit: 'ns',
  low: 10_000,
  high: 40_000,
  mark: 'fitted',
  source: 'a test',
};

test('a constant has its own value, or that of an override', () => {
  assert.equal(new Constants([entry]).get(entry.name), 20_000);
  const constants = new Constants([entry], { [entry.name]: 50_000 });
  assert.equal(constants.get(entry.name), 50_000);
  assert.deepEqual(constants.entries(), [{ ...entry, value: 50_000 }]);
});

test('unknown names, names given twice and values outside of their range are refused', () => {
  assert.throws(() => new Constants([entry]).get('x'), /constant x is not registered/);
  assert.throws(() => new Constants([entry], { x: 1 }), /x is overridden but not registered/);
  assert.throws(() => new Constants([entry, entry]), /registered twice/);
  assert.throws(() => new Constants([{ ...entry, value: 9 }]), /outside of its own range/);
  assert.throws(() => new Constants([entry], { [entry.name]: Number.NaN }), /by no number/);
});

test.run();
