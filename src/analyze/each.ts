/**
 * Thresholds that judge every value of some labels for itself: the worst one decides and is named.
 *
 * A series with too few samples for the percentile, none of which is beyond the limit, passes: it
 * could not be worse. How many they are is said, since more samples might find one. Of a metric
 * that the runs know, no series at all passes too: nothing of the kind happened.
 */
import type { Labels, MetricsResult, Selector } from '../metrics/index.ts';
import { isUpper } from './expectation.ts';
import { compareText, logfmt } from './labels.ts';
import type { ThresholdResult, Verdict } from './thresholds.ts';

interface Series {
  readonly name: string;
  readonly labels: Labels;
}

/** Series of all runs that a selector matches, by the values of the labels, in order. */
export function seriesByLabels(
  runs: readonly { readonly metrics: MetricsResult }[],
  selector: Selector,
  each: readonly string[],
): readonly (readonly [string, ReadonlySet<Series>])[] {
  const groups = new Map<string, Set<Series>>();
  for (const { metrics } of runs) {
    for (const list of [metrics.tallies, metrics.counters, metrics.levels]) {
      for (const series of list) {
        if (!selector.matches(series)) continue;
        const key = logfmt(Object.fromEntries(each.map((l) => [l, series.labels[l] ?? ''])));
        const group = groups.get(key);
        if (group === undefined) groups.set(key, new Set([series]));
        else group.add(series);
      }
    }
  }
  return [...groups].sort(([a], [b]) => compareText(a, b));
}

export interface JudgedSeries {
  /** `resource=pods verb=LIST`. */
  readonly labels: string;
  readonly result: ThresholdResult;
  /** Judged by the share of few samples, of which none is beyond the limit. */
  readonly thin: boolean;
}

const ORDER: readonly Verdict[] = ['fail', 'overloaded', 'inconclusive', 'pass', 'no-data'];

/** The worst of those that have data; null where none has. */
export function worstSeries(judged: readonly JudgedSeries[]): ThresholdResult | null {
  const known = judged.filter(({ result }) => result.verdict !== 'no-data');
  if (known.length === 0) return null;
  const thin = known.filter((series) => series.thin).length;
  let worst = known[0];
  for (const series of known) if (isWorse(series, worst)) worst = series;
  const { result, labels } = worst;
  const notes = [`worst of ${known.length}: ${labels}`];
  if (thin > 0) {
    notes.push(
      `${thin} of them have too few samples for ${result.statistic}, none beyond the limit`,
    );
  }
  if (!worst.thin && result.note !== '') notes.push(result.note);
  return { ...result, verdict: verdictOf(worst), note: notes.join('; ') };
}

function verdictOf({ result, thin }: JudgedSeries): Verdict {
  return thin ? 'pass' : result.verdict;
}

function isWorse(a: JudgedSeries, b: JudgedSeries): boolean {
  const byVerdict = ORDER.indexOf(verdictOf(a)) - ORDER.indexOf(verdictOf(b));
  if (byVerdict !== 0) return byVerdict < 0;
  const { value, operator } = a.result;
  const other = b.result.value;
  if (value === null || other === null) return other === null && value !== null;
  return isUpper(operator) ? value > other : value < other;
}
