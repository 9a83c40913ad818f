/** `wavetank import`: dumps and manifests of a cluster in, a scenario and an account of it out. */
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import {
  readTextChunks,
  readTextFile,
  SCENARIO_BYTES_MAX,
  UserError,
  writeFileAtomically,
} from '../../host/index.ts';
import { clusterImportText, importCluster } from '../../import/index.ts';
import { EXIT } from '../exit-codes.ts';
import type { Io } from '../io.ts';

export interface ImportCommandOptions {
  readonly out: string;
  readonly name?: string;
  readonly partial: boolean;
  readonly output: 'text' | 'json';
}

/** A scenario replaces a scenario and nothing else: `--out dump.json` must not cost the dump. */
function refuseOtherFiles(path: string): void {
  if (!existsSync(path)) return;
  const text = readTextFile(path, { bytesMax: SCENARIO_BYTES_MAX, what: 'scenario' });
  if (/^kind:\s*Scenario\b/m.test(text)) return;
  throw new UserError({
    code: 'WT8013',
    message: `'${path}' is there and is not a scenario`,
    path,
    hint: 'Choose another name with --out.',
  });
}

export function importCommand(
  files: readonly string[],
  options: ImportCommandOptions,
  io: Io,
): number {
  const toStdout = options.out === '-';
  if (!toStdout) refuseOtherFiles(options.out);
  const inputs = files.map((name) => ({
    name: name === '-' ? 'standard input' : name,
    chunks: readTextChunks(name, 'dump or manifest'),
  }));
  const names = files.map((name) => basename(name)).join(', ');
  const imported = importCluster(inputs, {
    name:
      options.name ??
      (basename(options.out)
        .replace(/\.ya?ml$/, '')
        .replace(/^-$/, '') ||
        'imported'),
    description: `Imported from ${names.length > 200 ? `${files.length} files` : names}.`,
    partial: options.partial,
  });
  const account =
    options.output === 'json'
      ? `${JSON.stringify({ kinds: imported.kinds, notes: imported.notes }, null, 2)}\n`
      : clusterImportText(imported);
  if (imported.yaml === null) {
    io.err(account);
    io.err('wavetank: nothing was written\n');
    return EXIT.invalidScenario;
  }
  if (toStdout) {
    // stdout is the scenario, so what is said about it is talk.
    io.out(imported.yaml);
    io.err(account);
    return EXIT.good;
  }
  writeFileAtomically(options.out, imported.yaml);
  io.out(account);
  if (options.output === 'text') {
    io.out(`\n${options.out} is written. Next: wavetank run ${options.out}\n`);
  }
  return EXIT.good;
}
