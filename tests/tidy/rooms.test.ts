import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { checkImports, imports, PACKAGES, ROOMS, roomOf, roomsTable } from './rooms.ts';
import { assertNone, parse, paths, read, sources } from './sources.ts';

const test = suite('tidy: rooms');

function messages(path: string, text: string): string[] {
  return checkImports(parse(path, text)).map((f) => f.message);
}

test('every import keeps to the table of rooms', () => {
  assertNone(sources('src', 'models').flatMap(checkImports));
});

test('an import against the table is found, whatever its form', () => {
  const bad = [
    "import { x } from '../dist/index.ts';",
    "import type { X } from '../dist/index.ts';",
    "export { x } from '../../models/etcd/index.ts';",
    "export type * from '../run/result.ts';",
    "const x = await import('../cli/main.ts');",
    "let x: import('../scenario/types.ts').Scenario;",
    "import 'node:fs';",
    "import _ from 'lodash';",
    "import { parse } from 'yaml';",
    "import { log } from './math';",
  ];
  for (const text of bad) assert.equal(messages('src/core/bad.ts', text).length, 1, text);
});

test('a room is entered through its index.ts, its types as types', () => {
  const say = (text: string) => messages('models/network/bad.ts', text).join();
  assert.equal(say("import { Host } from '../machine/index.ts';"), '');
  assert.match(say("import { Host } from '../machine/host.ts';"), /models\/machine\/index\.ts/);
  assert.equal(say("import type { Scenario } from '../../src/scenario/types.ts';"), '');
  assert.match(say("import { read } from '../../src/scenario/index.ts';"), /but for types/);
});

test('a folder that is no room is found', () => {
  assert.match(messages('src/misc/x.ts', '').join(), /no room/);
});

test('the table has the rooms that exist and no others', () => {
  const there = new Set(paths('src').concat(paths('models')).map(roomOf));
  assert.deepEqual([...there].sort(), Object.keys(ROOMS).sort());
});

test('every package that ships is used, wrapped where the table says', () => {
  const { dependencies } = JSON.parse(read('package.json'));
  assert.deepEqual(Object.keys(dependencies).sort(), Object.keys(PACKAGES).sort());
  const files = new Map(sources('src', 'models').map((file) => [file.path, file]));
  for (const [name, wrappers] of Object.entries(PACKAGES)) {
    for (const path of wrappers) {
      const file = files.get(path);
      assert.ok(file !== undefined, `${path} is gone: tests/tidy/rooms.ts`);
      const used = imports(file).some(({ specifier }) => `${specifier}/`.startsWith(`${name}/`));
      assert.ok(used, `${path} does not import ${name}`);
    }
  }
});

test('nothing that ships imports tests or bench', () => {
  const outside = sources('src', 'models', 'scripts').filter((file) =>
    imports(file).some(({ specifier }) => /\/(tests|bench)\//.test(specifier)),
  );
  assert.deepEqual(
    outside.map((file) => file.path),
    [],
  );
});

test('docs/internals.md shows the table of rooms', () => {
  assert.ok(read('docs/internals.md').includes(roomsTable()), roomsTable());
});

test.run();
