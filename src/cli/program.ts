/**
 * The command line: every command, its options, its help with examples. Commands are loaded when
 * used.
 */
import { Command, InvalidArgumentError, Option } from 'commander';
import { VERSION } from '../run/version.ts';
import { EXIT_TEXT } from './exit-codes.ts';
import type { Io } from './io.ts';
import {
  assignment,
  examples,
  type Finish,
  fileNames,
  integerBetween,
  seedText,
  setOption,
  withExecutor,
} from './options.ts';
import { addReports } from './program-reports.ts';
import { addWorkbench } from './program-workbench.ts';

const REPLICATIONS_MAX = 10_000;
const NS_PER_S = 1_000_000_000;
const TIME_UNITS = ['ns', 'us', 'ms', 's'];

/** In ns. Units are spelled as in a scenario. */
function durationNs(text: string): number {
  const match = /^([0-9]+(?:\.[0-9]+)?)(us|ms|s|m|h)$/.exec(text);
  if (match === null) throw new InvalidArgumentError('Expected a duration such as 250ms or 5m.');
  const unit = { us: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 }[match[2]]!;
  return Math.round(Number(match[1]) * unit);
}

/** Options of every command that simulates. */
function withRunOptions(command: Command): Command {
  command
    .addOption(setOption())
    .option('--seed <text>', 'seed in place of the one in the file', seedText)
    .option('--replications <n>', 'independent repetitions', integerBetween(1, REPLICATIONS_MAX))
    .option('--out <folder>', 'where the files go (default: results/<name>)')
    .option('--files <names>', 'CSV files to write, e.g. runs,metrics (default: all)', fileNames)
    .addOption(
      new Option('-o, --output <format>', 'what is printed on stdout')
        .choices(['text', 'json', 'csv', 'markdown'])
        .default('text'),
    )
    .option('--verify', 'run everything twice and name the first event that differs', false)
    .option('--print-config', 'print the scenario with every default filled in, run nothing', false)
    .addOption(
      new Option('--queue <name>', 'event queue; changes the speed, never a number')
        .choices(['two-tier', 'fast-priority-queue'])
        .default('two-tier'),
    );
  return withExecutor(command).option(
    '--quick',
    'the short form of an experiment: fewer points, less time',
    false,
  );
}

function addRun(program: Command, io: Io, finish: Finish): void {
  const command = program
    .command('run')
    .summary('simulate a scenario or an experiment')
    .description('Simulates a scenario or an experiment, writes CSV and prints a summary.')
    .argument('[file]', "scenario or experiment in YAML; '-' reads standard input");
  withRunOptions(command)
    .addHelpText(
      'after',
      examples([
        ['run scenario.yaml', 'simulate, write results/<name>/, print a summary'],
        ['run scenario.yaml -s etcd.members=5 -s horizon=2m', 'the same with other settings'],
        ['run scenario.yaml --replications 20 --out out/a', 'tighter intervals, another folder'],
        ['run scenario.yaml -o csv > runs.csv', 'the table of runs on stdout'],
        ['run scenario.yaml --files runs,metrics', 'without the large tables'],
        ['run experiments/fsync-sweep/experiment.yaml --quick', 'an experiment, short form'],
      ]),
    )
    .action(async (file: string | undefined, options) => {
      const { runCommand } = await import('./commands/run.ts');
      await finish(runCommand(file, options, io));
    });
}

function addExplainPod(program: Command, io: Io, finish: Finish): void {
  program
    .command('explain-pod')
    .summary('say why a pod runs where it runs, or why it is Pending')
    .description(
      'Says of a pod that was created in a run: the nodes that each filter removed, the best\n' +
        'scores, and the time of each stage of its start-up. Reads pods.csv.',
    )
    .argument('<run>', 'folder of a run')
    .argument('<pod>', 'name of the pod, with or without its namespace')
    .option('--point <n>', 'point of a sweep', integerBetween(0, 1e6))
    .option('--replication <n>', 'replication', integerBetween(0, 1e6))
    .addHelpText(
      'after',
      examples([['explain-pod results/kubectl-apply web-0', 'where its time went']]),
    )
    .action(async (folder: string, pod: string, options) => {
      const { explainPodCommand } = await import('./commands/explain-pod.ts');
      await finish(explainPodCommand(folder, pod, options, io));
    });
}

function addReadingCommands(program: Command, io: Io, finish: Finish): void {
  program
    .command('validate')
    .summary('check scenarios without running them')
    .description('Checks scenarios and experiments; names every mistake with its place.')
    .argument('<file...>', 'scenarios or experiments')
    .addOption(setOption())
    .addHelpText('after', examples([['validate scenario.yaml', 'every mistake at once']]))
    .action(async (files: string[], options) => {
      const { validateCommand } = await import('./commands/validate.ts');
      await finish(validateCommand(files, options, io));
    });
  program
    .command('explain')
    .summary('describe a field of the scenario')
    .description('Describes a field of the scenario: meaning, unit, default, example, real flag.')
    .argument('[path]', 'path of a field; without it the top level', '')
    .addHelpText(
      'after',
      examples([
        ['explain etcd', 'the fields of etcd'],
        ['explain etcd.disk.fsync', 'one field'],
      ]),
    )
    .action(async (path: string) => {
      const { explainCommand } = await import('./commands/explain.ts');
      await finish(explainCommand(path, io));
    });
  program
    .command('schema')
    .summary('print the JSON Schema of the scenario file')
    .description('Prints the JSON Schema of the scenario file, for editors and other tools.')
    .addHelpText('after', examples([['schema > wavetank.schema.json', 'for your editor']]))
    .action(async () => {
      const { schemaCommand } = await import('./commands/schema.ts');
      await finish(schemaCommand(io));
    });
  program
    .command('list')
    .summary('list experiments, disk profiles, workloads, faults, metrics')
    .description('Lists what there is: experiments, disk profiles, workloads, faults, metrics.')
    .argument('[what]', 'experiments, profiles, workloads, faults or metrics; all without it', '')
    .addHelpText(
      'after',
      examples([
        ['list', 'everything'],
        ['list profiles', 'the named disks'],
      ]),
    )
    .action(async (what: string) => {
      const { listCommand } = await import('./commands/list.ts');
      await finish(listCommand(what, io));
    });
}

function addWritingCommands(program: Command, io: Io, finish: Finish): void {
  program
    .command('init')
    .summary('write a commented scenario to start from')
    .description('Writes a commented scenario to start from. Never overwrites a file.')
    .argument('[file]', 'where to write it', 'scenario.yaml')
    .addHelpText('after', examples([['init my.yaml', 'then: wavetank run my.yaml']]))
    .action(async (file: string) => {
      const { initCommand } = await import('./commands/init.ts');
      await finish(initCommand(file, io));
    });
  program
    .command('calibrate')
    .summary('turn measured latencies into a disk profile')
    .description(
      'Turns measured fsync latencies into a disk profile that a scenario names, with a verdict.\n' +
        'Understands fio JSON (json+ with bins), fio latency logs, the text that an etcd serves at\n' +
        '/metrics (two scrapes: the difference is used) and CSV of latencies.',
    )
    .argument('<file...>', 'what was measured')
    .option('--out <file>', "where the profile goes (default: NAME.yaml); '-' is stdout")
    .option('--name <name>', 'name of the profile (default: the name of the file)')
    .option('--description <text>', 'one sentence about the disk')
    .addOption(
      new Option('--kind <kind>', 'idle disk, or latencies seen under load').choices([
        'service',
        'response',
      ]),
    )
    .addOption(new Option('--unit <unit>', 'unit of latencies in a CSV or log').choices(TIME_UNITS))
    .addOption(new Option('--time-unit <unit>', 'unit of times in a CSV').choices(TIME_UNITS))
    .option('--elapsed <duration>', 'time between two scrapes, e.g. 5m', durationNs)
    .addOption(
      new Option(
        '--label <name=value>',
        'picks one etcd out of several; may be given several times',
      )
        .argParser(assignment)
        .default([], 'none'),
    )
    .option('--job <name>', 'picks one job of a fio file')
    .option('--stall-threshold <duration>', 'an fsync as long as this is a stall', durationNs)
    .option('--assume-stalls', 'add stalls where no series was measured')
    .addOption(
      new Option('-o, --output <format>', 'what is printed on stdout')
        .choices(['text', 'json'])
        .default('text'),
    )
    .addHelpText(
      'after',
      examples([
        ['calibrate fio.json --out my-disk.yaml', 'a disk measured by fio'],
        ['calibrate before.txt after.txt --out prod.yaml', 'two scrapes of an etcd'],
      ]),
    )
    .action(async (files: string[], options) => {
      const { calibrateCommand } = await import('./commands/calibrate.ts');
      const elapsed = options.elapsed === undefined ? undefined : options.elapsed / NS_PER_S;
      await finish(calibrateCommand(files, { ...options, elapsed }, io));
    });
}

/** '1h..2h' to ns; either end may be left out. */
function windowNs(text: string): [number, number] {
  const match = /^(.*?)\.\.(.*)$/.exec(text);
  if (match === null) throw new InvalidArgumentError('Expected a part of the trace: 1h..2h.');
  const from = match[1] === '' ? 0 : durationNs(match[1]);
  const to = match[2] === '' ? Number.POSITIVE_INFINITY : durationNs(match[2]);
  if (from < to) return [from, to];
  throw new InvalidArgumentError('Expected a part of the trace that begins before it ends.');
}

function factor(text: string): number {
  const value = Number(text.replace(/x$/, ''));
  if (/^[0-9.]+x?$/.test(text) && value > 0 && value <= 1e9) return value;
  throw new InvalidArgumentError('Expected a factor such as 2x or 0.5.');
}

function addReplay(program: Command, io: Io, finish: Finish): void {
  const command = program
    .command('replay')
    .summary('run a cluster under the arrivals of a trace')
    .description(
      'Runs a cluster under what came in a trace: a CSV of pods (openb, or our own columns), or\n' +
        "the audit log of an API server. Without --scenario it is a small control plane's.",
    )
    .argument('[trace]', "the trace; '-' reads standard input")
    .option('--trace <file>', 'the trace, in place of the argument')
    .option('--nodes <file>', "nodes: openb's list, or Nodes of Kubernetes in YAML or JSON")
    .option('--scenario <file>', 'the cluster, and what else happens to it')
    .option('--window <from..to>', 'a part of the trace, e.g. 1h..2h', windowNs)
    .option('--time-scale <factor>', 'so many times faster than it was', factor, 1)
    .option('--scale <factor>', 'so many times as much, e.g. 2x', factor, 1)
    .option('--arrivals-only', 'pods stay to the end, however long they ran', false);
  withRunOptions(command)
    .addHelpText(
      'after',
      examples([
        ['replay pods.csv --nodes nodes.csv --time-scale 1000', 'arrivals of a trace'],
        ['replay audit.log --scenario cluster.yaml --scale 2x', 'twice the requests of a log'],
      ]),
    )
    .action(async (trace: string | undefined, options) => {
      const { replayCommand } = await import('./commands/replay.ts');
      await finish(replayCommand(trace ?? options.trace, options, io));
    });
}

function addImport(program: Command, io: Io, finish: Finish): void {
  program
    .command('import')
    .summary('turn a dump or manifests of a cluster into a scenario')
    .description(
      'Turns what kubectl prints with -o json or -o yaml, manifests, kubeadm and component\n' +
        'configuration and static pods into a scenario, and says what became of each object.',
    )
    .argument('<file...>', "dumps, manifests, configuration; '-' reads standard input")
    .option('--out <file>', "where the scenario goes; '-' is stdout", 'scenario.yaml')
    .option('--name <name>', 'name of the scenario (default: the name of the file)')
    .option('--partial', 'use what a dump that breaks off holds', false)
    .addOption(
      new Option('-o, --output <format>', 'what is printed on stdout')
        .choices(['text', 'json'])
        .default('text'),
    )
    .addHelpText(
      'after',
      examples([
        ['import dump.json --out cluster.yaml', 'kubectl get nodes,pods,... -A -o json'],
        ['import dump.json kubeadm-config.yaml', 'with the flags of the control plane'],
      ]),
    )
    .action(async (files: string[], options) => {
      const { importCommand } = await import('./commands/import.ts');
      await finish(Promise.resolve(importCommand(files, options, io)));
    });
}

function addValidation(program: Command, io: Io, finish: Finish): void {
  program
    .command('validation')
    .summary('hold the etcd model against measurements of a real etcd')
    .description(
      'Simulates every row of a folder of measurements and prints simulated against measured.',
    )
    .option(
      '--data <folder>',
      'folder of CSV files (default: the measurements that ship with wavetank)',
    )
    .option('--out <folder>', 'where the comparison goes (default with --data: results/validation)')
    .option('--etcd-version <version>', 'etcd release that was measured', '3.4.23')
    .option('--cores <n>', 'cores that members and client shared', integerBetween(1, 1024), 2)
    .option('--client-rtt <duration>', 'round trip between client and member', durationNs, 29_000)
    .option('--quick', 'the first setting of each file, no events', false)
    .addHelpText(
      'after',
      examples([
        ['validation', 'the measurements that ship with wavetank'],
        ['validation --data my-etcd --out my-etcd/compared', 'measurements of your own'],
      ]),
    )
    .action(async (options) => {
      const { validationCommand } = await import('./commands/validation.ts');
      await finish(validationCommand(options, io));
    });
}

export function createProgram(io: Io, finish: Finish): Command {
  const program = new Command('wavetank')
    .description('A towing tank for Kubernetes control planes: a deterministic simulator.')
    .version(VERSION, '-V, --version')
    .exitOverride()
    .showHelpAfterError('(wavetank --help, or wavetank COMMAND --help)')
    .configureOutput({ writeOut: io.out, writeErr: io.err })
    .addHelpText(
      'after',
      () =>
        `${examples([
          ['init my.yaml', 'write a scenario to start from'],
          ['run my.yaml', 'simulate it'],
          ['explain etcd.disk', 'what can be set'],
        ])}\n\nExit codes:\n${EXIT_TEXT.map((e) => `  ${String(e.code).padStart(3)}  ${e.text}`).join('\n')}`,
    );
  addRun(program, io, finish);
  addWorkbench(program, io, finish);
  addReports(program, io, finish);
  addReadingCommands(program, io, finish);
  addExplainPod(program, io, finish);
  addWritingCommands(program, io, finish);
  addImport(program, io, finish);
  addReplay(program, io, finish);
  addValidation(program, io, finish);
  return program;
}
