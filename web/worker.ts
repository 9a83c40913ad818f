/** The engine in a Web Worker: a scenario's text in, progress and pictures out. */
import {
  formatValue,
  MODEL_REVISION,
  POD_STARTUP_METRIC,
  type PointSummary,
  parseScenario,
  planRuns,
  profilesByName,
  REQUEST_METRIC,
  renderProblem,
  reportPictures,
  startRun,
  summarize,
  svgOf,
  VERSION,
} from '../src/index.ts';
import type { Figure, Message } from './messages.ts';

const SLICE_EVENTS = 50_000;

const send = (message: Message): void => self.postMessage(message);

function figuresOf(point: PointSummary): Figure[] {
  const figures: Figure[] = [];
  const add = (name: string, value: number | null, unit: 's' | '1/s' | 'ratio'): void => {
    figures.push({ name, value, text: formatValue(value, unit) });
  };
  for (const { name, labels, pooled, estimates } of point.metrics) {
    if ((pooled.count ?? 0) === 0) continue;
    const kind = name === REQUEST_METRIC ? labels.op : labels.kind;
    if (name !== REQUEST_METRIC && name !== POD_STARTUP_METRIC) continue;
    const what = name === REQUEST_METRIC ? kind : `start of pods, ${kind}`;
    add(`${what}: rate`, estimates.rate?.mean ?? null, '1/s');
    for (const word of ['mean', 'p50', 'p99', 'max'] as const)
      add(`${what}: ${word}`, pooled[word], 's');
  }
  const [busiest] = point.bottlenecks.ranking;
  if (busiest !== undefined) add('busiest resource', busiest.utilization.mean, 'ratio');
  return figures;
}

function simulate(text: string): void {
  const { scenario, problems } = parseScenario(text, {
    file: 'what-if.yaml',
    profiles: profilesByName,
  });
  if (scenario === null || problems.length > 0) {
    const words = problems.map((problem) => renderProblem(problem)).join('\n');
    send({ kind: 'problem', text: words });
    return;
  }
  const [plan] = planRuns([scenario]);
  const run = startRun(plan);
  while (!run.advance(SLICE_EVENTS)) {
    const { nowNs, horizonNs } = run.progress();
    send({ kind: 'progress', share: nowNs / horizonNs });
  }
  const results = [run.finish()];
  const points = [{ scenario }];
  const versions = { version: VERSION, modelRevision: MODEL_REVISION };
  const summary = summarize(results, points, versions);
  const pictures = reportPictures({ summary, results, points, scenarioText: text });
  send({
    kind: 'done',
    digest: results[0].digest,
    eventCount: results[0].eventCount,
    figures: figuresOf(summary.points[0]),
    pictures: pictures.map((picture) => ({
      title: picture.title,
      svg: svgOf(picture).markup,
      wide: picture.wide === true,
    })),
  });
}

self.onmessage = ({ data }: MessageEvent<string>) => {
  try {
    simulate(data);
  } catch (error) {
    send({ kind: 'problem', text: String(error) });
  }
};
