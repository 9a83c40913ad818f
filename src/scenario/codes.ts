/**
 * The closed set of mistakes that a scenario can contain: one code, one name and one line of text
 * each.
 * docs/reference/errors.md is generated from this table. A code is never reused for something else.
 */

export interface CodeEntry {
  readonly title: string;
  /** One line for the reference page: when it happens and what to do. */
  readonly text: string;
}

export const problemCodes = {
  WT1001: {
    title: 'not valid YAML',
    text: 'The text is not YAML, or ends too early. Fix the line shown; indent with spaces.',
  },
  WT1002: {
    title: 'unknown field',
    text: 'No field has this name here. `wavetank explain PATH` lists those that there are.',
  },
  WT1003: { title: 'missing field', text: 'A field that has no default was not given.' },
  WT1004: {
    title: 'wrong kind of value',
    text: 'A list, a mapping or a single value stands where another of them is expected.',
  },
  WT1005: {
    title: 'missing unit',
    text: 'A bare number where a unit is needed. Write 25ms, 64MiB or 1000/s.',
  },
  WT1006: { title: 'unreadable value', text: 'The value does not follow the grammar of its type.' },
  WT1007: { title: 'out of range', text: 'The value is below the minimum or above the maximum.' },
  WT1008: {
    title: 'not one of the choices',
    text: 'The field takes one of a fixed list of words.',
  },
  WT1009: {
    title: 'choose exactly one',
    text: 'Fields that exclude each other were given together, or none of them was.',
  },
  WT1010: { title: 'duplicate key', text: 'The same key stands twice in one mapping.' },
  WT1011: { title: 'duplicate name', text: 'Two things of one kind have the same name.' },
  WT1012: {
    title: 'not a text file',
    text: 'The file has NUL bytes or is not UTF-8: perhaps it is binary, compressed or UTF-16.',
  },
  WT1013: { title: 'file too large', text: 'The file is over the limit and was not parsed.' },
  WT1014: {
    title: 'too many values',
    text: 'The file, with its aliases expanded, is over the limit of values or of nesting.',
  },
  WT1015: {
    title: 'empty file',
    text: 'There is nothing in the file. `wavetank init` writes a start.',
  },
  WT1016: {
    title: 'unknown apiVersion or kind',
    text: 'The file does not say which kind of wavetank file it is.',
  },
  WT1017: { title: 'several documents', text: 'The file has more than one YAML document (---).' },
  WT1018: {
    title: 'field without effect here',
    text: 'The field is for another verb or operation.',
  },
  WT1019: {
    title: 'more mistakes',
    text: 'Only the first mistakes are shown; fix them and try again.',
  },
  WT1101: { title: 'unknown target', text: 'No member, host, disk or zone has this name.' },
  WT1102: { title: 'more faults than members', text: 'More members would be down than there are.' },
  WT1103: {
    title: 'election timeout too short',
    text: 'etcd refuses an election timeout below five heartbeat intervals, or above 50 s.',
  },
  WT1104: { title: 'warm-up past the horizon', text: 'Nothing would be measured.' },
  WT1105: {
    title: 'open or closed loop',
    text: 'A workload has either a rate (open loop) or clients (closed loop), not both.',
  },
  WT1106: {
    title: 'outside of the run',
    text: 'The time is before the start or past the horizon.',
  },
  WT1107: { title: 'unknown fault', text: 'A window names a fault that is not in the scenario.' },
  WT1108: { title: 'empty window', text: 'The window ends before it begins.' },
  WT1109: { title: 'contradiction', text: 'Two settings cannot hold at the same time.' },
  WT1110: { title: 'horizon too long', text: 'One run is at most 100 days of simulated time.' },
  WT1111: { title: 'unknown constant', text: 'No constant of the models has this name.' },
  WT1201: { title: 'unknown flag', text: 'etcd has no such flag in any version from 3.4 to 3.7.' },
  WT1202: {
    title: 'flag of another version',
    text: 'etcd has the flag, but not in the version of the scenario.',
  },
  WT1203: { title: 'bad flag value', text: 'etcd would refuse this value of the flag.' },
  WT1204: { title: 'unsupported version', text: 'wavetank models etcd 3.4, 3.5, 3.6 and 3.7.' },
  WT1301: { title: 'unreadable expression', text: 'An expectation reads like `p99 < 50ms`.' },
  WT1302: {
    title: 'wrong unit in expression',
    text: 'The unit does not belong to what is measured, e.g. `rate > 5ms`.',
  },
  WT1303: { title: 'unreadable metric', text: 'A metric reads like `name{label="value"}`.' },
  WT1304: {
    title: 'unreadable window',
    text: 'A window reads like `before(fault)`, `during(fault)`, `after(fault)+10s` or `10s..40s`.',
  },
  WT1401: { title: 'file cannot be read', text: 'A file that the scenario names cannot be read.' },
  WT1402: { title: 'unknown disk profile', text: 'No built-in profile has this name.' },
  WT1403: { title: 'bad disk profile', text: 'The file is not a disk profile that can be used.' },
  WT1404: { title: 'bad samples', text: 'The file of samples holds no usable numbers.' },
  WT1501: { title: 'unreadable override', text: 'An override reads like `-s etcd.members=5`.' },
  WT1502: {
    title: 'override names nothing',
    text: 'The path of an override or axis leads nowhere.',
  },
  WT1601: { title: 'empty sweep', text: 'An experiment needs an axis with a value, or a point.' },
  WT1602: {
    title: 'too many points',
    text: 'The axes multiply to more points than one sweep may have.',
  },
  WT1603: { title: 'uneven zip', text: 'The axes of a zip have different numbers of values.' },
  WT1604: { title: 'unknown axis', text: 'No axis of the sweep has this name or value.' },
  WT1605: {
    title: 'unknown claim or symptom',
    text: 'No claim, or no symptom, of the experiment has this name.',
  },
  WT1606: {
    title: 'undecided claim or symptom',
    text: 'A claim needs a threshold that decides it, a symptom one that shows a cause.',
  },
  WT2101: {
    title: 'impossible distribution',
    text: 'A figure of a distribution is out of its range, or two contradict each other.',
  },
  WT2102: {
    title: 'no such lognormal',
    text: 'The p99 is below the p50 or mean, or more than 14.97 times the mean.',
  },
  WT2103: {
    title: 'bad histogram',
    text: 'Bounds must rise, counts are not cumulative, and the sum must fit the buckets.',
  },
  WT2104: { title: 'bad stall', text: 'The stalls of a mixture cannot be as described.' },
} as const satisfies Record<string, CodeEntry>;

export type ProblemCode = keyof typeof problemCodes;
