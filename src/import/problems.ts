/** The closed set of mistakes that `calibrate` reports; none of them is thrown. */
import type { Finding, Problem } from './types.ts';

export const calibrateCodes = {
  WT6001: { title: 'empty input', text: 'There is nothing in the file.' },
  WT6002: { title: 'binary input', text: 'The file is not text: compressed, or another format.' },
  WT6003: {
    title: 'format not recognised',
    text: 'The text is neither fio JSON, a fio latency log, Prometheus text nor CSV.',
  },
  WT6004: { title: 'formats mixed', text: 'The inputs do not belong together.' },
  WT6005: { title: 'no input', text: 'No file was given.' },
  WT6006: { title: 'option not usable', text: 'An option is negative, zero or not a number.' },
  WT6010: { title: 'JSON broken', text: 'The JSON ends too early or is not JSON.' },
  WT6011: { title: 'JSON, but not of fio', text: 'The JSON has no list of jobs.' },
  WT6012: { title: 'nothing written', text: 'No job of the fio run wrote or synced anything.' },
  WT6013: {
    title: 'bad fio figure',
    text: 'A figure of fio is negative, no number or contradicts another.',
  },
  WT6014: { title: 'no such job', text: 'The fio run has no job of the name asked for.' },
  WT6020: {
    title: 'metric not there',
    text: 'The text lacks etcd_disk_wal_fsync_duration_seconds.',
  },
  WT6021: { title: 'several etcds', text: 'The text holds the metric of more than one etcd.' },
  WT6022: {
    title: 'histogram goes down',
    text: 'Buckets of a histogram are cumulative and never go down.',
  },
  WT6023: {
    title: 'scrape cut off',
    text: 'The histogram has neither a +Inf bucket nor a _count.',
  },
  WT6024: {
    title: 'counter reset',
    text: 'The later scrape counts less: etcd restarted between them.',
  },
  WT6025: { title: 'nothing recorded', text: 'The histogram, or the difference of two, is empty.' },
  WT6026: {
    title: 'sum contradicts buckets',
    text: 'The _sum cannot come from these buckets: units mixed?',
  },
  WT6027: { title: 'bad metric value', text: 'A value of the histogram is negative or no number.' },
  WT6028: { title: 'buckets differ', text: 'The scrapes have different bucket bounds.' },
  WT6030: { title: 'no latency column', text: 'No column of the CSV is named as a latency.' },
  WT6031: {
    title: 'unit not known',
    text: 'Neither the header, the cells nor an option give the unit.',
  },
  WT6032: { title: 'bad latency', text: 'A latency is negative or no number.' },
  WT6033: {
    title: 'units mixed',
    text: 'Header and cells, or cells among themselves, disagree on units.',
  },
  WT6034: {
    title: 'too few latencies',
    text: 'Too few latencies to say anything of a distribution.',
  },
  WT6035: { title: 'CSV broken', text: 'A quote is not closed, or a row has too few columns.' },
  WT6036: { title: 'CSV too long', text: 'The CSV has more rows than are read at once.' },
  WT6040: {
    title: 'wrong kind of log',
    text: 'A fio log of bandwidth, IOPS, submission or histograms.',
  },
  WT6041: {
    title: 'bad log line',
    text: 'A line of the fio log is not `time, value, direction, size`.',
  },
  WT6042: { title: 'log without writes', text: 'The fio log holds reads or trims only.' },
  WT6043: {
    title: 'log of averages',
    text: 'The fio log was averaged over windows: stalls are gone.',
  },
} as const satisfies Record<string, { title: string; text: string }>;

export type CalibrateCode = keyof typeof calibrateCodes;

/** Bad lines reported of one input; a wrong file would otherwise print every line of it. */
export const PROBLEMS_PER_INPUT_MAX = 20;

export interface ProblemDetails {
  readonly code: CalibrateCode;
  readonly input: string;
  readonly line?: number;
  readonly message: string;
  readonly expected: string;
  readonly hint: string;
}

/** Collects findings and problems while a format is read. */
export class Report {
  readonly findings: Finding[] = [];
  readonly #problems: Problem[] = [];
  readonly #ofInput = new Map<string, number>();

  problem(details: ProblemDetails): void {
    const count = (this.#ofInput.get(details.input) ?? 0) + 1;
    this.#ofInput.set(details.input, count);
    if (count <= PROBLEMS_PER_INPUT_MAX) {
      this.#problems.push({ ...details, line: details.line ?? null });
    }
  }

  info(input: string, id: string, message: string, hint = ''): void {
    this.findings.push({ id, level: 'info', input, message, hint });
  }

  warning(input: string, id: string, message: string, hint = ''): void {
    this.findings.push({ id, level: 'warning', input, message, hint });
  }

  get failed(): boolean {
    return this.#problems.length > 0;
  }

  /** Problems in the order found, each input's overflow told in one line. */
  problems(): readonly Problem[] {
    const overflow: Problem[] = [];
    for (const [input, count] of this.#ofInput) {
      const last = this.#problems.findLast((problem) => problem.input === input);
      if (count <= PROBLEMS_PER_INPUT_MAX || last === undefined) continue;
      overflow.push({
        ...last,
        line: null,
        message: `and ${count - PROBLEMS_PER_INPUT_MAX} more`,
        hint: 'Correct the first ones and run again.',
      });
    }
    return [...this.#problems, ...overflow];
  }
}
