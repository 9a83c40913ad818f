// Bundles wavetank into build/: the command, the worker of the thread executor, the library for
// Node, and the same library for browsers (which fails to build when anything of Node sneaks in).
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');

/** CommonJS packages inside an ES module bundle still call `require` for Node's own modules. */
const REQUIRE_BANNER =
  "import { createRequire as createNodeRequire } from 'node:module';\n" +
  'const require = createNodeRequire(import.meta.url);';

const common = {
  absWorkingDir: ROOT,
  bundle: true,
  format: 'esm',
  target: 'es2022',
  sourcemap: true,
  outExtension: { '.js': '.mjs' },
  logLevel: 'warning',
  metafile: true,
};

/** cli.mjs, worker.mjs and index.mjs share chunks, so that a command loads only what it needs. */
export function nodeOptions(outdir) {
  return {
    ...common,
    entryPoints: {
      cli: 'src/cli/entry.ts',
      worker: 'src/executor/worker.ts',
      index: 'src/index.ts',
    },
    outdir,
    platform: 'node',
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    // It starts its own worker file, found beside its module.
    external: ['tinypool'],
    banner: { js: REQUIRE_BANNER },
  };
}

/** One file without polyfills: esbuild refuses `node:` imports on this platform. */
export function browserOptions(outdir) {
  return {
    ...common,
    entryPoints: { browser: 'src/index.ts' },
    outdir,
    platform: 'browser',
    splitting: false,
  };
}

/** The two scripts of the what-if page, small and classic: they stand inside of one HTML file. */
export function webOptions(outdir) {
  return {
    ...common,
    entryPoints: { page: 'web/page.ts', worker: 'web/worker.ts' },
    outdir: join(outdir, 'web'),
    platform: 'browser',
    format: 'iife',
    minify: true,
    charset: 'utf8',
    sourcemap: false,
    outExtension: {},
  };
}

/** Imports that the browser bundle leaves to its surroundings; must be empty. */
export function externalImports(metafile) {
  const found = [];
  for (const [file, input] of Object.entries(metafile?.inputs ?? {})) {
    for (const imported of input.imports) {
      if (imported.external && imported.path !== '<runtime>')
        found.push(`${file} imports ${imported.path}`);
    }
  }
  return found;
}

/** Chunks of earlier builds have other hashes; a build that fails leaves the last one whole. */
async function removeOldChunks(outdir, metafile) {
  const made = new Set(Object.keys(metafile.outputs).map((path) => basename(path)));
  const folder = join(outdir, 'chunks');
  if (!existsSync(folder)) return;
  for (const name of await readdir(folder)) {
    if (!made.has(name)) await rm(join(folder, name));
  }
}

export async function build({ outdir = join(ROOT, 'build'), only = 'all' } = {}) {
  const esbuild = await import('esbuild');
  await mkdir(outdir, { recursive: true });
  if (only !== 'browser') {
    const { metafile } = await esbuild.build(nodeOptions(outdir));
    await removeOldChunks(outdir, metafile);
    await chmod(join(outdir, 'cli.mjs'), 0o755);
  }
  if (only !== 'node') {
    const { metafile } = await esbuild.build(browserOptions(outdir));
    const external = externalImports(metafile);
    if (external.length > 0) {
      throw new Error(`The browser bundle must stand alone:\n  ${external.join('\n  ')}`);
    }
    await esbuild.build(webOptions(outdir));
  }
}

/** Whether the bundler is there; it is not when npx links a clone in which nothing is installed. */
function isInstalled() {
  try {
    createRequire(import.meta.url).resolve('esbuild');
    return true;
  } catch {
    return false;
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  // As `prepare`, it must not fail then: npx would keep half of an entry in its cache, and fail
  // from then on. The command itself says what is missing.
  if (process.argv.includes('--if-installed') && !isInstalled()) process.exit(0);
  build().catch((error) => {
    // esbuild has printed its own errors with file and line.
    if (!error?.errors) console.error(error?.message ?? error);
    console.error('build: failed');
    process.exitCode = 1;
  });
}
