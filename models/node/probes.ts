/**
 * Probes as arithmetic: when a container becomes ready, and when it is killed for not answering.
 *
 * A worker probes when the kubelet first sees the container run, and at every period since it was
 * made with the pod (pkg/kubelet/prober/worker.go); `initialDelay` counts from the start of the
 * container. What a probe finds is the container's behaviour: it answers from `readyAfterNs` after
 * its start on, and to all its probes alike.
 *
 * *Left out:* the probes of containers that answer: they cost the node something, and the API
 * nothing. Probes that fail later, answers slower than their timeout.
 */
import type { Container, Probe } from '../objects/index.ts';

export interface ContainerTimes {
  /** The pod's probe workers were made: their period counts from here. */
  readonly workersNs: number;
  /** The container's process started. */
  readonly startNs: number;
  /** The kubelet saw it run. */
  readonly seenNs: number;
}

/** When its readiness is known to the kubelet, if it lives: `Infinity` = never. */
export function readyAtNs(container: Container, times: ContainerTimes): number {
  const answersNs = times.startNs + container.behaviour.readyAfterNs;
  const startedNs =
    container.startupProbe === null
      ? times.seenNs
      : successNs(container.startupProbe, times, times.seenNs, answersNs);
  if (container.readinessProbe === null) return startedNs;
  return successNs(container.readinessProbe, times, startedNs, answersNs);
}

/** When a startup or liveness probe has failed often enough to kill it: `Infinity` = never. */
export function killedAtNs(container: Container, times: ContainerTimes): number {
  const { startupProbe, livenessProbe } = container;
  const answersNs = times.startNs + container.behaviour.readyAfterNs;
  if (startupProbe !== null) return failureNs(startupProbe, times, answersNs);
  return livenessProbe === null
    ? Number.POSITIVE_INFINITY
    : failureNs(livenessProbe, times, answersNs);
}

/** First tick at or after `fromNs`; the worker is triggered once when the container is seen. */
function tickAtNs(probe: Probe, times: ContainerTimes, fromNs: number): number {
  const earliestNs = Math.max(fromNs, times.startNs + probe.initialDelayNs);
  if (earliestNs <= times.seenNs) return times.seenNs;
  const ticks = Math.ceil((earliestNs - times.workersNs) / probe.periodNs);
  return times.workersNs + ticks * probe.periodNs;
}

function successNs(probe: Probe, times: ContainerTimes, fromNs: number, answersNs: number): number {
  const firstNs = tickAtNs(probe, times, Math.max(fromNs, answersNs));
  return nthTickNs(probe, times, firstNs, probe.successThreshold);
}

function failureNs(probe: Probe, times: ContainerTimes, answersNs: number): number {
  const firstNs = tickAtNs(probe, times, times.seenNs);
  const lastNs = nthTickNs(probe, times, firstNs, probe.failureThreshold);
  // A probe that hangs fails at its timeout, but the app answers or refuses at once here.
  return lastNs < answersNs ? lastNs : Number.POSITIVE_INFINITY;
}

/** The n-th tick, `firstNs` being the first; the first may be off the grid. */
function nthTickNs(probe: Probe, times: ContainerTimes, firstNs: number, n: number): number {
  if (n <= 1) return firstNs;
  const second = Math.floor((firstNs - times.workersNs) / probe.periodNs) + 1;
  return times.workersNs + (second + n - 2) * probe.periodNs;
}
