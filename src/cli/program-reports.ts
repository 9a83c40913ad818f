/** Commands that show results, or hand them to other tools. Loaded when used, as the others are. */
import { type Command, InvalidArgumentError } from 'commander';
import type { Export, ExportKind } from './commands/export.ts';
import type { Io } from './io.ts';
import { examples, type Finish, integerBetween } from './options.ts';

function addReport(program: Command, io: Io, finish: Finish): void {
  program
    .command('report')
    .summary('make one HTML file of results')
    .description(
      'Makes one HTML file of results: verdicts, curves, percentiles, time series with faults,\n' +
        'stages, bottlenecks, the cluster, the scenario. It needs no network and runs no script.',
    )
    .argument('<results>', 'folder of a run or a sweep')
    .option('--out <file>', 'where the page goes (default: report.html in the folder)')
    .option('--svg <folder>', 'write each picture as an SVG file as well')
    .option('--plot', 'print the curves on the terminal', false)
    .addHelpText(
      'after',
      examples([
        ['report results/fsync-sweep', 'results/fsync-sweep/report.html'],
        ['report results/my --out my.html --svg pictures', 'pictures for documents of your own'],
        ['report results/my --plot', 'in a terminal'],
      ]),
    )
    .action(async (folder: string, options) => {
      const { reportCommand } = await import('./commands/report.ts');
      await finish(Promise.resolve(reportCommand(folder, options, io)));
    });
}

const KINDS: readonly ExportKind[] = ['openmetrics', 'perfetto'];
/** 2025-01-01T00:00:00Z. */
const START_DEFAULT = 1_735_689_600;

function exportOf(text: string, earlier: readonly Export[]): Export[] {
  const [name, ...rest] = text.split('=');
  const kind = KINDS.find((known) => known === name);
  if (kind !== undefined) return [...earlier, { kind, path: rest.join('=') }];
  throw new InvalidArgumentError(`Expected ${KINDS.join(' or ')}, then =FILE.`);
}

function unixTime(text: string): number {
  const seconds = /^\d{1,11}$/.test(text) ? Number(text) : Date.parse(text) / 1000;
  if (seconds >= 0) return Math.floor(seconds);
  throw new InvalidArgumentError('Expected a time such as 2025-01-01T00:00:00Z.');
}

function addExport(program: Command, io: Io, finish: Finish): void {
  const index = integerBetween(0, 1e6);
  program
    .command('export')
    .summary('hand a run to Prometheus or Perfetto')
    .description(
      'Writes one run in formats of other tools: OpenMetrics with the real metric names and\n' +
        'simulated time, to backfill a Prometheus; a trace for ui.perfetto.dev.',
    )
    .argument('<results>', 'folder of a run or a sweep')
    .option(
      '--out <kind=file>',
      'openmetrics or perfetto; may be given several times',
      exportOf,
      [],
    )
    .option('--point <n>', 'point of a sweep', index, 0)
    .option('--replication <n>', 'replication', index, 0)
    .option('--start <time>', 'openmetrics: when the run began', unixTime, START_DEFAULT)
    .addHelpText(
      'after',
      examples([
        ['export results/my --out openmetrics=my.txt', 'then: promtool tsdb create-blocks-from'],
        ['export results/my --out perfetto=trace.json', 'open it in ui.perfetto.dev'],
      ]),
    )
    .action(async (folder: string, options) => {
      const { exportCommand } = await import('./commands/export.ts');
      await finish(Promise.resolve(exportCommand(folder, options, io)));
    });
}

function addWeb(program: Command, io: Io, finish: Finish): void {
  program
    .command('web')
    .summary('write the what-if page')
    .description(
      'Writes the what-if page: one file with sliders and the engine inside, that any browser\n' +
        'opens without a server or a network. Same scenario and seed, same digest as here.',
    )
    .option('--out <file>', 'where it goes', 'what-if.html')
    .addHelpText('after', examples([['web --out page.html', 'open it in a browser']]))
    .action(async (options) => {
      const { webCommand } = await import('./commands/web.ts');
      await finish(Promise.resolve(webCommand(options, io)));
    });
}

export function addReports(program: Command, io: Io, finish: Finish): void {
  addReport(program, io, finish);
  addExport(program, io, finish);
  addWeb(program, io, finish);
}
