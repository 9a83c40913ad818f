/** Named keys: whose number is whose, what is under it, and what copies count. */
import * as assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { suite } from 'uvu';
import { KeyContents } from '../../../models/etcd/contents.ts';
import { GroupRead, type StoredValue } from '../../../models/etcd/index.ts';
import { KeySpace } from '../../../models/etcd/mvcc.ts';

const test = suite('etcd/contents');
const MINUTE = 60e9;

const value = (bytes = 10): StoredValue => ({ bytes, resourceVersion: 0 });

test('names keep their keys, and a key is free again after the compaction of its tombstone', () => {
  const action = fc.record({
    what: fc.constantFrom('put', 'delete', 'look', 'compact'),
    name: fc.integer({ min: 0, max: 7 }),
    group: fc.integer({ min: 1, max: 2 }),
  });
  const property = fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
    const keys = new KeySpace();
    const contents = new KeyContents(keys);
    contents.addGroup('one');
    contents.addGroup('two');
    const model = new Map<string, { value: StoredValue; revision: number }>();
    let nowNs = 0;
    for (const { what, name, group } of actions) {
      nowNs += MINUTE;
      const id = `${group}/${name}`;
      const known = model.get(id);
      if (what === 'put') {
        const key = contents.acquire(group, String(name), nowNs);
        keys.put(key, 8, 10, 0);
        const stored = value();
        assert.equal(contents.store(key, stored, keys.revision, 1), known?.value ?? null);
        model.set(id, { value: stored, revision: keys.revision });
      } else if (what === 'delete' && known !== undefined) {
        const key = contents.find(group, String(name));
        keys.delete(key, 8);
        assert.equal(contents.remove(key, keys.revision, 1, nowNs), known.value);
        model.delete(id);
      } else if (what === 'compact') {
        keys.compact(keys.revision, keys.planCompaction(keys.revision));
        contents.onCompacted(keys.compactRevision, nowNs);
      }
      const seen = new Set<number>();
      for (const [at, { value: stored, revision }] of model) {
        const [ofGroup, ofName] = at.split('/');
        const key = contents.find(Number(ofGroup), ofName);
        assert.equal(contents.values[key], stored);
        assert.equal(contents.modRevision(key), revision);
        assert.equal(contents.groupOf(key), Number(ofGroup));
        assert.ok(!seen.has(key), 'two names have one key');
        seen.add(key);
      }
      assert.equal(contents.groups[1].live + contents.groups[2].live, model.size);
    }
    // With everything deleted and compacted long ago, all numbers are free: few are ever made.
    assert.ok(contents.values.length <= 16);
  });
  fc.assert(property, { numRuns: 60 });
});

test('a cluster that creates and deletes for ever does not use up numbers', () => {
  const keys = new KeySpace();
  const contents = new KeyContents(keys);
  contents.addGroup('one');
  for (let i = 0; i < 1000; i++) {
    const nowNs = i * MINUTE;
    const key = contents.acquire(1, `pod-${i}`, nowNs);
    keys.put(key, 8, 10, 0);
    contents.store(key, value(), keys.revision, 1);
    keys.delete(key, 8);
    contents.remove(key, keys.revision, 1, nowNs);
    keys.compact(keys.revision, keys.planCompaction(keys.revision));
    contents.onCompacted(keys.compactRevision, nowNs);
  }
  // Three minutes' worth wait, and the one at hand.
  assert.ok(contents.values.length <= 5, `${contents.values.length} numbers`);
  assert.equal(contents.groups[1].keys.size <= 5, true);
});

test('a name that is asked for again just before its number would be given back keeps it', () => {
  const keys = new KeySpace();
  const contents = new KeyContents(keys);
  contents.addGroup('one');
  const key = contents.acquire(1, 'pod', 0);
  keys.put(key, 8, 10, 0);
  contents.store(key, value(), keys.revision, 1);
  keys.delete(key, 8);
  contents.remove(key, keys.revision, 1, 0);
  assert.equal(contents.acquire(1, 'pod', 4 * MINUTE), key);
  contents.onCompacted(keys.revision, 5 * MINUTE);
  assert.equal(contents.find(1, 'pod'), key);
});

test('copies are as many revisions, keys and bytes, and go together', () => {
  const keys = new KeySpace();
  const [one, many] = [keys.reserve(1), keys.reserve(1)];
  keys.put(one, 8, 100, 0);
  const { revisionBytes } = keys;
  keys.put(many, 8, 100, 0, 50);
  assert.equal(keys.revision, 52);
  assert.equal(keys.liveKeys, 51);
  assert.equal(keys.revisionBytes, 51 * revisionBytes);
  keys.put(many, 8, 100, 0, 50);
  keys.compact(keys.revision, keys.planCompaction(keys.revision));
  assert.equal(keys.revisions, 51);
  keys.delete(many, 8);
  keys.compact(keys.revision, keys.planCompaction(keys.revision));
  assert.equal(keys.liveKeys, 1);
  assert.equal(keys.revisions, 1);
  // Sums of fractions of pages.
  assert.ok(Math.abs(keys.revisionBytes - revisionBytes) < 1e-6);
});

test('pages of a read are of one revision; a page whose answer was lost is read again', () => {
  const keys = new KeySpace();
  const contents = new KeyContents(keys);
  contents.addGroup('one');
  const put = (name: string): void => {
    const key = contents.acquire(1, name, 0);
    keys.put(key, 8, 10, 0);
    contents.store(key, value(), keys.revision, 1);
  };
  for (let i = 0; i < 25; i++) put(`a${i}`);
  const read = new GroupRead(1, 10);
  read.readPage(contents, keys);
  read.readPage(contents, keys);
  assert.deepEqual([read.from, read.to, read.bytes], [0, 10, 100]);
  read.advance();
  put('late');
  read.readPage(contents, keys);
  read.advance();
  assert.equal(read.isComplete, false);
  read.readPage(contents, keys);
  assert.deepEqual([read.from, read.to, read.isComplete], [20, 25, true]);
  keys.compact(keys.revision, keys.planCompaction(keys.revision));
  read.readPage(contents, keys);
  assert.equal(read.compacted, true);
});

test.run();
