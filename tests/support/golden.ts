/**
 * Text that is compared with a committed file; WAVETANK_UPDATE=1 writes it instead. Read the diff.
 */
import * as assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

export function matchesGolden(path: string, text: string): void {
  if (process.env.WAVETANK_UPDATE === '1') {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return;
  }
  assert.ok(existsSync(path), `${path} is missing: WAVETANK_UPDATE=1 writes it`);
  assert.equal(text, readFileSync(path, 'utf8'));
}
