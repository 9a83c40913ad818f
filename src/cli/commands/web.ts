/** `wavetank web`: the what-if page as one file, with the engine inside. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { readTextFile, UserError, writeFileAtomically } from '../../host/index.ts';
import { inlineScript, whatIfPage } from '../../report/index.ts';
import { EXIT } from '../exit-codes.ts';
import type { Io } from '../io.ts';

const BYTES_MAX = 32 * 1024 * 1024;

/** Built by scripts/build.mjs, for browsers. */
function scriptOf(name: string, io: Io): string {
  const path = join(io.packageRoot, 'build', 'web', name);
  try {
    return inlineScript(readTextFile(path, { bytesMax: BYTES_MAX, what: 'script' }));
  } catch {
    const hint = 'Run npm run build first.';
    throw new UserError({ code: 'WT8038', message: `'${path}' is missing`, path, hint });
  }
}

export function webCommand({ out }: { readonly out: string }, io: Io): number {
  const page = scriptOf('page.js', io);
  const pageHash = createHash('sha256').update(page, 'utf8').digest('base64');
  writeFileAtomically(out, whatIfPage({ page, pageHash, worker: scriptOf('worker.js', io) }));
  io.out(`${out}\n`);
  return EXIT.good;
}
