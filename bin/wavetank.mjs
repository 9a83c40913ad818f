#!/usr/bin/env node
// The command as npm links it. It is committed because npx links it once and remembers: a link to a
// file that the build makes later would stay broken in its cache.
import { existsSync } from 'node:fs';

const built = new URL('../build/cli.mjs', import.meta.url);
if (existsSync(built)) {
  await import(built);
} else {
  process.stderr.write(
    'wavetank: build/ is missing; it is made from the sources.\n' +
      '  npm install      installs what is needed and builds, once\n' +
      '  npm run build    builds, where it is installed already\n',
  );
  process.exitCode = 2;
}
