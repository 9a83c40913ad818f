/** A bench's case as one file, as wavetank is shipped: each round runs it in a fresh process. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

/** Bundles `entry` into a folder of its own, which is gone when `run` returns. */
export function withBundle<T>(entry: URL, run: (file: string) => T): T {
  const directory = mkdtempSync(join(tmpdir(), 'wavetank-bench-'));
  try {
    const outfile = join(directory, 'case.mjs');
    buildSync({
      entryPoints: [fileURLToPath(entry)],
      outfile,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'es2022',
      logLevel: 'warning',
      banner: {
        js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
      },
    });
    return run(outfile);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
