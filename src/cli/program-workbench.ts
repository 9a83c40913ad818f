/** The commands of the workbench: questions to many runs. Loaded when used, as the others are. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Sample } from './commands/sweep.ts';
import type { Io } from './io.ts';
import {
  collect,
  examples,
  type Finish,
  fileNames,
  integerBetween,
  seedText,
  setOption,
  withExecutor,
} from './options.ts';
import type { Until } from './workbench/until.ts';

const SEEDS_MAX = 10_000;
const SAMPLE_MAX = 5000;

function sampleOf(text: string): Sample {
  const match = /^(lhs|sobol):(\d{1,6})$/.exec(text);
  const points = Number(match?.[2]);
  if (match !== null && points >= 2 && points <= SAMPLE_MAX) {
    return { kind: match[1] === 'lhs' ? 'lhs' : 'sobol', points };
  }
  throw new InvalidArgumentError(`Expected lhs:N or sobol:N, with N from 2 to ${SAMPLE_MAX}.`);
}

function untilOf(text: string): Until {
  const match = /^(?:(.*\S)\s+)?([a-z][\w.]*)\s*(?:±|\+-|\+\/-)\s*(\d+(?:\.\d+)?)\s*%$/s.exec(
    text.trim(),
  );
  const relative = Number(match?.[3]) / 100;
  if (match !== null && relative > 0) {
    return { text, metric: match[1] ?? '', word: match[2], relative };
  }
  throw new InvalidArgumentError("Expected a figure and a width, such as 'p99 ±5%'.");
}

function addSweep(program: Command, io: Io, finish: Finish): void {
  const command = program
    .command('sweep')
    .summary('simulate every combination of values, or a sample of them')
    .description(
      'Simulates every combination of the axes, or a sample; says which axis moves what. What is\n' +
        'finished is kept in the folder: the same command goes on from there.',
    )
    .argument('<file>', 'scenario or experiment')
    .addOption(
      new Option('-s, --set <axis>', 'path=a,b,c, path=lin(a,b,n), path=log(a,b,n), zip(...)')
        .argParser(collect)
        .default([], 'none'),
    )
    .option('--seeds <n>', 'independent repetitions of each point', integerBetween(1, SEEDS_MAX))
    .option('--seed <text>', 'seed in place of the one in the file', seedText)
    .option('--sample <kind:n>', 'n points of a sample: lhs:64 or sobol:128', sampleOf)
    .option('--until <figure>', "more seeds until an interval is narrow: 'p99 ±5%'", untilOf)
    .option('--seeds-max <n>', 'with --until, at most', integerBetween(2, SEEDS_MAX), 100)
    .option('--out <folder>', 'where the files go (default: results/<name>-sweep)')
    .option(
      '--files <names>',
      'CSV files to write (default: runs,metrics and small ones)',
      fileNames,
    )
    .option('--quick', 'the short form of an experiment', false);
  withExecutor(command)
    .addHelpText(
      'after',
      examples([
        ['sweep my.yaml -s etcd.members=1,3,5 --seeds 5', 'three points, five runs each'],
        ["sweep my.yaml -s 'etcd.disk.fsync.constant=log(1ms,100ms,7)'", 'seven values'],
        ["sweep my.yaml -s 'zip(etcd.members=3,5,network.peerRtt=1ms,9ms)'", 'values in step'],
        ["sweep my.yaml -s 'network.peerRtt=lin(0.1ms,5ms)' --sample lhs:64", 'a sample'],
        ["sweep my.yaml -s etcd.members=3,5 --until 'p99 ±5%'", 'as many seeds as it takes'],
      ]),
    )
    .action(async (file: string, options) => {
      const { sweepCommand } = await import('./commands/sweep.ts');
      await finish(sweepCommand(file, options, io));
    });
}

function addCompare(program: Command, io: Io, finish: Finish): void {
  const command = program
    .command('compare')
    .summary('say what a change changes, seed by seed')
    .description(
      'Compares the first setting with each of the others, paired by seed: the difference of every\n' +
        'metric with its 95 % interval, and the stages of a request that it came from.',
    )
    .argument('<setting...>', 'scenario FILE, FILE@path=value@path=value, or folder of results')
    .option('--metric <selector>', 'show this metric; may be given several times', collect, [])
    .option('--all', 'show every metric that differs', false)
    .option('--gate <gate>', "exit 99 where it fails: 'METRIC{labels} p99 < +5%'", collect, [])
    .option('--seeds <n>', 'seeds of each setting', integerBetween(1, SEEDS_MAX))
    .option('--seed <text>', 'seed in place of the one in the file', seedText)
    .option('--out <folder>', 'where the files and finished runs go', 'results/compare');
  withExecutor(command)
    .addHelpText(
      'after',
      examples([
        ['compare my.yaml my.yaml@etcd.members=5 --seeds 10', 'what two more members change'],
        [
          'compare before.yaml after.yaml --metric etcd_disk_wal_fsync_duration_seconds',
          'one metric',
        ],
        ['compare results/a results/b', 'what was run already'],
      ]),
    )
    .action(async (names: string[], options) => {
      const { compareCommand } = await import('./commands/compare.ts');
      await finish(compareCommand(names, options, io));
    });
}

function percentOf(text: string): number {
  const match = /^(\d+(?:\.\d+)?)%?$/.exec(text);
  if (match !== null) return Number(match[1]);
  throw new InvalidArgumentError('Expected a percentage such as 5%.');
}

function addCheck(program: Command, io: Io, finish: Finish): void {
  const command = program
    .command('check')
    .summary('judge results again, without simulating')
    .description(
      'Judges the thresholds of results again, and against a baseline; writes reports for CI.',
    )
    .argument('<results>', 'folder of a run or a sweep')
    .option('--thresholds <file>', 'judge by the thresholds of this scenario')
    .option('--baseline <folder>', 'results of before: what thresholds look at must not get worse')
    .option('--max-change <percent>', 'by more than this', percentOf, 5)
    .option('--rerun', 'simulate a baseline of another version again with this one', false)
    .option('--junit <file>', 'verdicts as JUnit XML')
    .option('--markdown <file>', 'verdicts as Markdown')
    .option('--benchmark <file>', 'figures for github-action-benchmark')
    .option('--bencher <file>', 'figures as Bencher Metric Format');
  withExecutor(command)
    .addHelpText(
      'after',
      examples([
        ['check results/my-cluster', 'the verdicts; the exit code is theirs'],
        ['check results/new --baseline results/old --junit check.xml', 'for CI'],
      ]),
    )
    .action(async (folder: string, options) => {
      const { checkCommand } = await import('./commands/check.ts');
      const stepSummary = process.env.GITHUB_STEP_SUMMARY;
      await finish(checkCommand(folder, { ...options, stepSummary }, io));
    });
}

function addCapacity(program: Command, io: Io, finish: Finish): void {
  const command = program
    .command('capacity')
    .summary('find how far a parameter can go')
    .description(
      'Finds the largest value of a parameter at which every threshold holds, what ends it, and\n' +
        'how sure that is: under noise, and with the constants anywhere in their ranges.',
    )
    .argument('<file>', 'scenario with thresholds')
    .requiredOption('--vary <range>', 'path=lo..hi, or path=log(lo,hi)')
    .option('--vary-also <values>', 'a second parameter, path=a,b,c: a frontier')
    .addOption(setOption())
    .option('--seeds <n>', 'seeds of each value at first', integerBetween(1, SEEDS_MAX))
    .option('--seeds-max <n>', 'and at most, while undecided', integerBetween(1, SEEDS_MAX), 20)
    .option('--seed <text>', 'seed in place of the one in the file', seedText)
    .option('--tolerance <percent>', 'how near the two sides come', percentOf, 5)
    .option('--uncertainty <n>', 'samples of the constants; 0 = none', integerBetween(0, 1000), 8)
    .option('--out <folder>', 'where the files and finished runs go', 'results/capacity');
  withExecutor(command)
    .addHelpText(
      'after',
      examples([
        ['capacity my.yaml --vary workload.writers.rate=100/s..20000/s', 'puts a second'],
        ['capacity my.yaml --vary PATH=1..9 --vary-also PATH=a,b,c', 'a frontier'],
      ]),
    )
    .action(async (file: string, options) => {
      const { capacityCommand } = await import('./commands/capacity.ts');
      await finish(capacityCommand(file, options, io));
    });
}

export function addWorkbench(program: Command, io: Io, finish: Finish): void {
  addSweep(program, io, finish);
  addCompare(program, io, finish);
  addCheck(program, io, finish);
  addCapacity(program, io, finish);
}
