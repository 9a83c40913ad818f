/**
 * Runs a scenario with the library and returns what must be equal everywhere: digests and the bytes
 * of the CSV files. Plain JavaScript, so that Node and a browser load this very file.
 *
 * @param {typeof import('../../src/index.ts')} library
 * @param {string} text of the scenario
 * @param {number} slice events between two looks at the world
 * @returns {{ digests: string[], eventCount: number, files: [name: string, text: string][] }}
 */
export function simulate(library, text, slice) {
  const { scenario, problems } = library.parseScenario(text, { file: 'reference.yaml' });
  if (scenario === null || problems.length > 0) {
    throw new Error(problems.map((problem) => library.renderProblem(problem)).join('\n'));
  }
  const results = library.planRuns([scenario]).map((plan) => {
    const run = library.startRun(plan);
    while (!run.advance(slice)) {
      // To the horizon.
    }
    return run.finish();
  });
  const points = [{ scenario }];
  const summary = library.summarize(results, points, {
    version: library.VERSION,
    modelRevision: library.MODEL_REVISION,
    command: 'reference',
  });
  const files = library
    .csvFiles({ summary, results, points })
    .map((file) => [file.name, library.csvText(file)]);
  return {
    digests: results.map((result) => result.digest),
    eventCount: results.reduce((sum, result) => sum + result.eventCount, 0),
    files: [...files, ['summary.txt', library.renderText(summary)]],
  };
}
