/**
 * Stories of scenario files: a text, and what is said of it. A story file is a list of cases,
 *
 *     scenario -s etcd.members=5 show etcd.preVote, faults.0.atNs
 *     horizon: 60s
 *     ----
 *     etcd.preVote = true
 *     ====
 *
 * `scenario` appends apiVersion, kind and metadata to the text, so that lines keep their numbers;
 * `parse`
 * takes it as it is; `quick` does, too, in the quick form; `file NAME` is a file that later cases
 * name.
 */
import { type DiskProfile, parseScenario, renderProblem } from '../../src/scenario/index.ts';

const HEADER = 'apiVersion: wavetank/v1alpha1\nkind: Scenario\nmetadata: { name: story }\n';

/** Stand-ins for the built-in profiles. */
export const profiles: Readonly<Record<string, DiskProfile>> = {
  hdd: {
    name: 'hdd',
    description: '',
    kind: 'service',
    fsync: { kind: 'lognormal', p50: 25e6, p99: 70e6 },
    source: '',
    stallsAssumed: true,
    observedFsyncsPerSecond: null,
  },
  'production-a': {
    name: 'production-a',
    description: '',
    kind: 'response',
    fsync: { kind: 'exponential', mean: 4e6 },
    source: '',
    stallsAssumed: false,
    observedFsyncsPerSecond: 120,
  },
};

interface Case {
  readonly comment: string;
  readonly command: string;
  readonly text: string;
}

function casesOf(story: string): Case[] {
  return story
    .split(/^====\n/m)
    .filter((part) => part.trim() !== '')
    .map((part) => {
      const lines = part.split('\n');
      const start = lines.findIndex((line) => line !== '' && !line.startsWith('#'));
      const end = lines.indexOf('----', start);
      return {
        comment: lines
          .slice(0, start)
          .filter((line) => line !== '')
          .join('\n'),
        command: lines[start],
        text: lines
          .slice(start + 1, end)
          .map((line) => `${line}\n`)
          .join(''),
      };
    });
}

/** The story with its answers as they are now. */
export function runStory(story: string): string {
  const files = new Map<string, string>();
  return casesOf(story)
    .map(({ comment, command, text }) => {
      const answer = answerOf(command, text, files).trimEnd();
      return `${comment === '' ? '' : `${comment}\n`}${command}\n${text}----\n${answer}\n====\n`;
    })
    .join('\n');
}

function answerOf(command: string, text: string, files: Map<string, string>): string {
  const match = /^(\w+)((?: -s (?:(?! -s | show ).)+)*)(?: show (.*))?$/.exec(command);
  if (match === null && !command.startsWith('file ')) return `unknown command ${command}`;
  if (match === null) {
    files.set(command.slice(5), text);
    return 'ok';
  }
  const [, word, overrides, shown] = match;
  const result = parseScenario(word === 'scenario' ? text + HEADER : text, {
    file: 'a.yaml',
    profiles,
    quick: word === 'quick',
    overrides: overrides.split(' -s ').slice(1),
    reader: (path) => {
      const found = files.get(path);
      return found === undefined ? { error: 'no such file' } : { text: found };
    },
  });
  if (result.problems.length > 0) return result.problems.map(renderProblem).join('\n\n');
  const { experiment, scenario } = result;
  if (experiment !== null) {
    return experiment.points
      .map((point) => `${JSON.stringify(point.axes)} ${show(point.scenario, shown ?? 'name')}`)
      .join('\n');
  }
  return shown === undefined ? 'ok' : show(scenario, shown).replace(/; /g, '\n');
}

function show(value: unknown, paths: string): string {
  return paths
    .split(/\s*,\s*/)
    .map((path) => {
      let at = value;
      // Every step is into plain data.
      for (const key of path.split('/')) at = (at as Record<string, unknown>)?.[key];
      const plain = (_: string, x: unknown) =>
        typeof x === 'number' && !Number.isFinite(x) ? String(x) : x;
      return `${path} = ${JSON.stringify(at, plain)}`;
    })
    .join('; ');
}
