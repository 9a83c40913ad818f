/** Thresholds: their expressions read, and their windows resolved to simulated time. */
import type { Checker } from './checker.ts';
import {
  type ExpressionError,
  parseExpectation,
  parseMetric,
  parseWindow,
  type Window,
} from './expression.ts';
import { lastingVerbs } from './fields/faults.ts';
import type { ThresholdValue } from './fields/scenario.ts';
import { nearestName } from './nearest.ts';
import type { FaultScenario, ThresholdScenario, WindowScenario } from './types.ts';
import { formatUnit } from './units.ts';

export interface RunTimes {
  readonly horizonNs: number;
  readonly warmupNs: number;
}

export function thresholdsOf(
  thresholds: readonly ThresholdValue[],
  faults: readonly FaultScenario[],
  times: RunTimes,
  checker: Checker,
): ThresholdScenario[] {
  return thresholds.map((threshold, i) => {
    const path = `thresholds[${i}]`;
    const report = (field: string, error: ExpressionError) => {
      const { code, start, end, message, expected, nearest } = error;
      checker.within(`${path}.${field}`, start, end, code, message, { expected, nearest });
    };
    const metric = parseMetric(threshold.metric);
    if ('error' in metric && threshold.metric !== '') report('metric', metric.error);
    const expectation = parseExpectation(threshold.expect);
    if ('error' in expectation && threshold.expect !== '') report('expect', expectation.error);
    const window = parseWindow(threshold.window);
    if ('error' in window) report('window', window.error);
    const whole = { text: 'all', fromNs: times.warmupNs, toNs: times.horizonNs };
    threshold.each.forEach((label, at) => {
      if (/^[A-Za-z_]\w*$/.test(label)) return;
      checker.at(`${path}.each[${at}]`, 'WT1303', `\`${label}\` is not the name of a label`);
    });
    return {
      metric: threshold.metric,
      expect: threshold.expect,
      ...(threshold.each.length === 0 ? {} : { each: threshold.each }),
      window:
        'value' in window
          ? resolveWindow(threshold.window.trim(), window.value, { faults, times, path, checker })
          : whole,
    };
  });
}

interface WindowContext {
  readonly faults: readonly FaultScenario[];
  readonly times: RunTimes;
  readonly path: string;
  readonly checker: Checker;
}

/** First start and last end of a fault that may repeat; the end is Infinity where it stays. */
export function faultSpan(
  fault: FaultScenario,
  horizonNs: number,
): { fromNs: number; toNs: number } {
  const { action } = fault;
  let lengthNs = lastingVerbs.includes(action.kind) ? fault.forNs : 0;
  if (action.kind === 'kill' && !Number.isNaN(action.restartAfterNs)) {
    lengthNs = action.restartAfterNs;
  }
  const within = Math.max(0, horizonNs - 1 - fault.atNs);
  const repeats =
    fault.everyNs === 0 ? 0 : Math.min(fault.times - 1, Math.floor(within / fault.everyNs));
  return { fromNs: fault.atNs, toNs: fault.atNs + repeats * fault.everyNs + lengthNs };
}

function resolveWindow(text: string, window: Window, context: WindowContext): WindowScenario {
  const { times, path, checker } = context;
  const at = `${path}.window`;
  const span = spanOf(window, context);
  if (span === null) return { text, fromNs: times.warmupNs, toNs: times.horizonNs };
  const { fromNs, toNs } = span;
  const show = (ns: number) => formatUnit('duration', ns);
  if (
    fromNs >= times.horizonNs ||
    (window.kind === 'range' && toNs < Infinity && toNs > times.horizonNs)
  ) {
    const late = fromNs >= times.horizonNs ? `begins at ${show(fromNs)}` : `ends at ${show(toNs)}`;
    checker.at(at, 'WT1106', `the window ${late}, past the horizon of ${show(times.horizonNs)}`, {
      hint: 'make the run longer, or the window earlier',
    });
  } else if (toNs <= fromNs) {
    checker.at(
      at,
      'WT1108',
      `the window ends at ${show(toNs)}, before it begins at ${show(fromNs)}`,
      {
        hint:
          window.kind === 'before' && toNs <= times.warmupNs
            ? 'the fault happens within the warm-up'
            : '',
      },
    );
  } else if (toNs <= times.warmupNs) {
    checker.at(at, 'WT1106', `the window ends within the warm-up of ${show(times.warmupNs)}`, {
      hint: 'nothing of the warm-up is counted',
    });
  }
  return { text, fromNs: Math.max(fromNs, times.warmupNs), toNs: Math.min(toNs, times.horizonNs) };
}

function spanOf(window: Window, context: WindowContext): { fromNs: number; toNs: number } | null {
  const { times, path, checker, faults } = context;
  const all = { fromNs: times.warmupNs, toNs: times.horizonNs };
  if (window.kind === 'all') return all;
  if (window.kind === 'range') return window;
  const fault = faults.find((f) => f.name === window.fault);
  if (fault === undefined) {
    const names = faults.map((f) => f.name);
    checker.at(`${path}.window`, 'WT1107', `there is no fault called ${window.fault}`, {
      expected: names.length === 0 ? 'a fault of the scenario' : `one of ${names.join(', ')}`,
      nearest: nearestName(window.fault, names),
    });
    return null;
  }
  const { fromNs, toNs } = faultSpan(fault, times.horizonNs);
  switch (window.kind) {
    case 'before':
      return { fromNs: times.warmupNs, toNs: fromNs + window.offsetNs };
    case 'during':
      if (toNs <= fromNs) {
        checker.at(`${path}.window`, 'WT1108', `${fault.action.kind} has no duration`, {
          hint: `after(${fault.name}) is the time that follows`,
        });
        return null;
      }
      return { fromNs: fromNs + window.offsetNs, toNs };
    case 'after':
      // Of a fault that stays, the time after it is the time after it began.
      return {
        fromNs: (toNs === Infinity ? fromNs : toNs) + window.offsetNs,
        toNs: times.horizonNs,
      };
  }
}
