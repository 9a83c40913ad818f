/**
 * Judges measured latencies by etcd's own guidance: WAL fsync p99 below 10 ms and backend commit
 * p99 below 25 ms (https://etcd.io/docs/v3.6/faq/), and by the maintainers' word that no more than
 * one fsync in 10,000 may take 200 ms (https://github.com/etcd-io/etcd/issues/7044). A limit inside
 * of the interval that the measurement leaves open is undecided, whatever the figure in it says.
 */
import { countAbove, type Latencies, quantileInterval, quantileRow } from './latencies.ts';
import type { StallFit, Verdict, VerdictLevel, VerdictRule } from './types.ts';
import { formatCount, formatNs, formatShare, significant } from './units.ts';

const WAL_FSYNC_P99_NS = 10e6;
const BACKEND_COMMIT_P99_NS = 25e6;
/** An fsync this long makes the leader warn of late heartbeats (etcd#5870). */
const HEARTBEAT_WARNING_NS = 100e6;
/** No more than 0.01 % of fsyncs may take longer than 200 ms (etcd#7044). */
const RARE_NS = 200e6;
const RARE_QUANTILE = 0.9999;
/** Default election timeout of 1 s, less one heartbeat interval of 100 ms. */
const ELECTION_NS = 900e6;
/** Ninety-five times in a hundred, n samples without an event mean a rate below 3 / n. */
const RULE_OF_THREE = 3;

export interface Judged {
  readonly fsync: Latencies;
  readonly commit: Latencies | null;
  readonly stalls: StallFit | null;
  /** False where the input did not measure durable writes: then nothing can be judged. */
  readonly durable: boolean;
  readonly kind: 'service' | 'response';
  readonly fsyncsPerSecond: number | null;
}

export function judge(judged: Judged): Verdict {
  const wal = rule('wal-fsync-p99', 'WAL fsync', WAL_FSYNC_P99_NS, judged);
  const rare = rareRule(judged);
  const commit = rule('backend-commit-p99', 'Backend commit', BACKEND_COMMIT_P99_NS, judged);
  const rules = [wal, rare, commit];
  const worst = (['bad', 'uncertain', 'good'] as const).find((level) =>
    rules.some((one) => one.level === level),
  );
  // A good commit does not make up for a WAL of which nothing is known.
  const level = wal.level === 'unknown' && worst !== 'bad' ? 'unknown' : (worst ?? 'unknown');
  return { level, rules, remarks: judged.durable ? remarksOf(judged) : [] };
}

/** Even few samples can show that long fsyncs are too many; that they are rare takes 100,000. */
function rareRule(judged: Judged): VerdictRule {
  const unknown: VerdictRule = {
    rule: 'wal-fsync-p99.99',
    limitNs: RARE_NS,
    lowNs: null,
    highNs: null,
    estimateNs: null,
    level: 'unknown',
    text: 'WAL fsync p99.99: too few samples to say; 100,000 are needed.',
  };
  if (!judged.durable) return { ...unknown, text: 'WAL fsync p99.99: not judged.' };
  const { lowNs, highNs } = quantileInterval(judged.fsync, RARE_QUANTILE);
  const level = levelOf(lowNs, highNs, RARE_NS);
  const { estimateNs } = quantileRow(judged.fsync, RARE_QUANTILE);
  if (level === 'uncertain' && estimateNs === null) return unknown;
  const asked = `etcd’s maintainers ask for less than ${formatNs(RARE_NS)}`;
  const conclusion = { good: 'good', bad: 'too slow', uncertain: 'undecided', unknown: '' }[level];
  return {
    ...unknown,
    lowNs,
    highNs,
    estimateNs,
    level,
    text: `WAL fsync p99.99 is ${intervalText(lowNs, highNs)}; ${asked}: ${conclusion}.`,
  };
}

function levelOf(lowNs: number, highNs: number, limitNs: number): VerdictLevel {
  return highNs < limitNs ? 'good' : lowNs >= limitNs ? 'bad' : 'uncertain';
}

function rule(
  name: VerdictRule['rule'],
  what: string,
  limitNs: number,
  judged: Judged,
): VerdictRule {
  const latencies = name === 'wal-fsync-p99' ? judged.fsync : judged.commit;
  const unknown = (why: string): VerdictRule => ({
    rule: name,
    limitNs,
    lowNs: null,
    highNs: null,
    estimateNs: null,
    level: 'unknown',
    text: `${what}: ${why}`,
  });
  if (!judged.durable) return unknown('not judged: no durable write was measured.');
  if (latencies === null) {
    return unknown(
      'not in the input. A commit is two fdatasyncs and the writing of pages; etcd’s /metrics ' +
        'has it.',
    );
  }
  const { lowNs, highNs, estimateNs } = quantileRow(latencies, 0.99);
  if (lowNs === null || highNs === null) {
    return unknown(
      `${formatCount(latencies.count)} samples are too few for a p99 (1,000 at least).`,
    );
  }
  const level = levelOf(lowNs, highNs, limitNs);
  return {
    rule: name,
    limitNs,
    lowNs,
    highNs,
    estimateNs,
    level,
    text: `${what} p99 is ${intervalText(lowNs, highNs)}; ${ruleText(level, limitNs, estimateNs)}`,
  };
}

function intervalText(lowNs: number, highNs: number): string {
  if (highNs === Number.POSITIVE_INFINITY) return `above ${formatNs(lowNs)}`;
  if (formatNs(lowNs) === formatNs(highNs)) return formatNs(highNs);
  return `between ${formatNs(lowNs)} and ${formatNs(highNs)}`;
}

function ruleText(level: VerdictLevel, limitNs: number, estimateNs: number | null): string {
  const limit = formatNs(limitNs);
  if (level === 'good') return `etcd asks for less than ${limit}: good.`;
  if (level === 'bad') return `etcd asks for less than ${limit}: too slow.`;
  const figure =
    estimateNs === null ? '' : ` (interpolated, as dashboards do, ${formatNs(estimateNs)})`;
  return `etcd’s limit of ${limit} lies inside: undecided${figure}. fio measures it exactly.`;
}

function remarksOf(judged: Judged): string[] {
  const { fsync, stalls } = judged;
  const remarks = [tailRemark(fsync)];
  const over = (limitNs: number, consequence: string): void => {
    const { atMost } = countAbove(fsync, limitNs);
    if (atMost > 0) remarks.push(`${overText(judged, limitNs)}: ${consequence}`);
  };
  over(HEARTBEAT_WARNING_NS, 'each makes a leader late with its heartbeats, and warn of it.');
  over(ELECTION_NS, 'each can cost an election at the default timeouts (1 s, heartbeat 100 ms).');
  const stalled = (stalls?.episodes.length ?? 0) > 0;
  if (!stalled && countAbove(fsync, HEARTBEAT_WARNING_NS).atMost === 0) {
    const bound = RULE_OF_THREE / fsync.count;
    remarks.push(
      `None of ${formatCount(fsync.count)} fsyncs took longer than ` +
        `${formatNs(HEARTBEAT_WARNING_NS)}; that bounds their share to ${formatShare(bound)}, ` +
        'no lower.',
    );
  }
  remarks.push(stallRemark(stalls));
  if (judged.kind === 'response') {
    remarks.push(
      'These are response times under a load: they hold for that load, and what more of it would ' +
        'do is not in them.',
    );
  }
  return remarks;
}

function tailRemark(fsync: Latencies): string {
  const row = quantileRow(fsync, 0.999);
  if (row.lowNs !== null && row.highNs !== null) {
    return `p99.9 is ${intervalText(row.lowNs, row.highNs)}.`;
  }
  const max = fsync.maxNs === null ? '' : ` The longest was ${formatNs(fsync.maxNs)}.`;
  return `${formatCount(fsync.count)} samples are too few for a p99.9 (10,000 at least).${max}`;
}

function overText(judged: Judged, limitNs: number): string {
  const { fsync, fsyncsPerSecond } = judged;
  const { atLeast, atMost } = countAbove(fsync, limitNs);
  const count =
    atLeast === atMost ? formatCount(atMost) : `${formatCount(atLeast)} to ${formatCount(atMost)}`;
  const share =
    atLeast === atMost
      ? formatShare(atMost / fsync.count)
      : `${formatShare(atLeast / fsync.count)} to ${formatShare(atMost / fsync.count)}`;
  const perHour = (n: number): string =>
    significant((n / fsync.count) * (fsyncsPerSecond ?? 0) * 3600);
  const hourly = atLeast === atMost ? perHour(atMost) : `${perHour(atLeast)} to ${perHour(atMost)}`;
  const rate = fsyncsPerSecond === null ? '' : `, ${hourly} an hour`;
  return (
    `${count} of ${formatCount(fsync.count)} fsyncs (${share}${rate}) took longer than ` +
    formatNs(limitNs)
  );
}

function stallRemark(stalls: StallFit | null): string {
  if (stalls === null) {
    return (
      'How stalls follow each other is not known without a series: results of elections say ' +
      '"stalls assumed".'
    );
  }
  const span = `${significant(stalls.observedSeconds)} s`;
  const high = `${significant(stalls.startPerSecondHigh * 3600)} an hour`;
  if (stalls.episodes.length === 0) {
    const least = formatNs(stalls.thresholdNs);
    return `No stall of ${least} or more in ${span}: less than ${high}, 95 %.`;
  }
  let longestNs = 0;
  for (const episode of stalls.episodes) longestNs = Math.max(longestNs, episode.lengthNs);
  const count = stalls.episodes.length === 1 ? '1 stall' : `${stalls.episodes.length} stalls`;
  const followed =
    stalls.correlation === 0
      ? 'none was followed by another at once'
      : `${formatShare(stalls.correlation)} were followed by another at once`;
  return (
    `${count} of ${formatNs(stalls.thresholdNs)} or more in ${span} ` +
    `(${significant(stalls.startPerSecondLow * 3600)} to ${high}, 95 %), the longest ` +
    `${formatNs(longestNs)}; ${followed}.`
  );
}
