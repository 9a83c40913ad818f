/** Commands that show results, or hand them to other tools. Loaded when used, as the others are. */
import type { Command } from 'commander';
import type { Io } from './io.ts';
import type { Finish, Tools } from './program-workbench.ts';

function addReport(program: Command, io: Io, finish: Finish, tools: Tools): void {
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
      tools.examples([
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

export function addReports(program: Command, io: Io, finish: Finish, tools: Tools): void {
  addReport(program, io, finish, tools);
}
