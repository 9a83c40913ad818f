/** `wavetank list`: what there is to run, to name and to read off. */
import { existsSync, readFileSync } from 'node:fs';
import { quantile } from '../../dist/index.ts';
import { formatNs, namedProfiles } from '../../import/index.ts';
import { EXIT } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import {
  type Entry,
  experimentFile,
  experimentNames,
  faultKinds,
  metricEntries,
  workloadKinds,
} from '../library.ts';

const SECTIONS: Readonly<Record<string, { title: string; entries: (io: Io) => Entry[] }>> = {
  experiments: {
    title: 'Experiments: wavetank run experiments/NAME/experiment.yaml',
    entries: experiments,
  },
  profiles: { title: 'Disk profiles: disk: { fsync: { profile: NAME } }', entries: profiles },
  workloads: {
    title: 'Workloads: workload: [{ name: ..., op: NAME, ... }]',
    entries: workloadKinds,
  },
  faults: { title: 'Faults: faults: [{ at: 30s, NAME: ... }]', entries: faultKinds },
  metrics: {
    title: 'Metrics: thresholds: [{ metric: \'NAME{label="value"}\', ... }]',
    entries: metricEntries,
  },
};

function experiments(io: Io): Entry[] {
  return experimentNames(io.packageRoot).map((name) => {
    const file = experimentFile(io.packageRoot, name);
    const question = existsSync(file)
      ? /^question:\s*(?:>-?\s*\n\s+)?["']?(.+?)["']?\s*$/m.exec(readFileSync(file, 'utf8'))
      : null;
    return { name, text: question?.[1] ?? '' };
  });
}

function profiles(): Entry[] {
  return namedProfiles.map((profile) => {
    const { fsync } = profile;
    // Rare stalls move neither of the two; they are told by the word.
    const body = fsync.kind === 'mixture' ? fsync.body : fsync;
    const p50 = formatNs(quantile(body, 0.5));
    const p99 = formatNs(quantile(body, 0.99));
    const stalls = fsync.kind === 'mixture' ? ', stalls' : '';
    return { name: profile.name, text: `p50 ${p50}, p99 ${p99}${stalls}. ${profile.description}` };
  });
}

function print(title: string, entries: readonly Entry[], io: Io): void {
  io.out(`${io.outColors.bold(title)}\n`);
  const width = Math.max(0, ...entries.map((entry) => entry.name.length));
  for (const { name, text } of entries) {
    io.out(`  ${io.outColors.cyan(name.padEnd(width))}  ${text}\n`.trimEnd());
    io.out('\n');
  }
}

export async function listCommand(what: string, io: Io): Promise<number> {
  if (what !== '' && !Object.hasOwn(SECTIONS, what)) {
    io.err(`there is nothing called '${what}' to list\n`);
    io.err(`  expected: one of ${Object.keys(SECTIONS).join(', ')}\n`);
    return EXIT.usage;
  }
  const names = what === '' ? Object.keys(SECTIONS) : [what];
  names.forEach((name, i) => {
    if (i > 0) io.out('\n');
    print(SECTIONS[name].title, SECTIONS[name].entries(io), io);
  });
  return EXIT.good;
}
