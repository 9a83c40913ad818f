/**
 * Reads the Prometheus text format, as far as histograms and gauges of one process need it.
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export interface PrometheusSample {
  readonly line: number;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** NaN where the value is not a number. */
  readonly value: number;
  readonly valueText: string;
  /** Milliseconds since 1970; null where the text has none. */
  readonly timestampMs: number | null;
}

/** Name, labels in braces, value, time stamp; what follows '#' is an exemplar. */
const SAMPLE = new RegExp(
  String.raw`^([a-zA-Z_:][\w:]*)\s*(?:\{((?:[^"}]|"(?:[^"\\]|\\.)*")*)\})?` +
    String.raw`\s+(\S+)(?:\s+(-?[\d.]+))?(?:\s+#.*)?$`,
);
const LABEL = /([a-zA-Z_]\w*)\s*=\s*"((?:[^"\\]|\\.)*)"/g;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', '\\': '\\', '"': '"' };

/** True where a line reads as a sample or as metadata of the format. */
export function looksLikePrometheus(text: string): boolean {
  const head = text.slice(0, 65_536);
  return (
    /^# (HELP|TYPE) [a-zA-Z_:]/m.test(head) ||
    /^[a-zA-Z_:][\w:]*\{[^}\n]*="[^}\n]*\}[ \t]+[-+0-9NI]/m.test(head) ||
    /^[a-z_:][\w:]*_[\w:]*[ \t]+[-+]?[0-9.]+(e[-+]?\d+)?[ \t\r]*$/im.test(head)
  );
}

/** Every sample whose metric name passes; lines that are none are left to the caller's counts. */
export function parsePrometheus(
  text: string,
  wanted: (name: string) => boolean,
): PrometheusSample[] {
  const samples: PrometheusSample[] = [];
  let line = 0;
  for (const raw of text.split('\n')) {
    line++;
    const start = raw.charCodeAt(0);
    // Comments and empty lines; most lines of a scrape are cut off here or at the name.
    if (raw === '' || start === 0x23) continue;
    const name = /^\s*([a-zA-Z_:][\w:]*)/.exec(raw)?.[1];
    if (name === undefined || !wanted(name)) continue;
    const match = SAMPLE.exec(raw.trim());
    if (match === null) {
      samples.push({
        line,
        name,
        labels: {},
        value: Number.NaN,
        valueText: raw
          .trim()
          .slice(name.length, name.length + 60)
          .trim(),
        timestampMs: null,
      });
      continue;
    }
    samples.push({
      line,
      name,
      labels: parseLabels(match[2] ?? ''),
      value: parseValue(match[3]),
      valueText: match[3],
      timestampMs: match[4] === undefined ? null : timestampOf(match[4]),
    });
  }
  return samples;
}

function parseLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const match of text.matchAll(LABEL)) {
    labels[match[1]] = match[2].replace(/\\(.)/g, (_, c: string) => ESCAPES[c] ?? `\\${c}`);
  }
  return labels;
}

/** '+Inf', '9.397643e+07'; NaN for 'NaN' and for what is no number. */
export function parseValue(text: string): number {
  if (/^\+?inf(inity)?$/i.test(text)) return Number.POSITIVE_INFINITY;
  if (/^-inf(inity)?$/i.test(text)) return Number.NEGATIVE_INFINITY;
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
}

/** Prometheus writes milliseconds, OpenMetrics seconds with a fraction. */
function timestampOf(text: string): number | null {
  const value = Number(text);
  if (!Number.isFinite(value)) return null;
  return text.includes('.') || Math.abs(value) < 1e11 ? value * 1000 : value;
}
