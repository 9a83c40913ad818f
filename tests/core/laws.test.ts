import * as assert from 'node:assert/strict';
import { suite } from 'uvu';
import { type QueueKind, Simulation } from '../../src/core/index.ts';

const test = suite('core/laws');

interface QueueOutcome {
  readonly customers: number;
  readonly meanSojourn: number;
  readonly meanWait: number;
  readonly meanInSystem: number;
  readonly shareWaiting: number;
  readonly shareOver: (bound: number) => number;
  readonly arrivalRate: number;
  readonly digest: string;
}

const SERVICE_NS = 1e6;

/** M/M/c, first come first served, on the bare event loop. Times are told in mean service times. */
function simulateQueue(
  servers: number,
  load: number,
  customers: number,
  queue?: QueueKind,
): QueueOutcome {
  const sim = new Simulation({ seed: 'laws', horizonNs: 1e14, queue });
  const gaps = sim.stream('gaps');
  const services = sim.stream('services');
  const arrivedNs = new Float64Array(customers);
  const sojourns: number[] = [];
  const waiting: number[] = [];
  let head = 0;
  let busy = 0;
  let waited = 0;
  let waitSum = 0;
  let inSystem = 0;
  let areaNs = 0;
  let lastNs = 0;
  const count = (change: number) => {
    areaNs += inSystem * (sim.nowNs - lastNs);
    lastNs = sim.nowNs;
    inSystem += change;
  };
  const begin = (customer: number) => {
    const waitNs = sim.nowNs - arrivedNs[customer];
    if (waitNs > 0) waited++;
    waitSum += waitNs / SERVICE_NS;
    sim.schedule(Math.floor(services.exponential() * SERVICE_NS), serviceEnd, customer);
  };
  const serviceEnd = sim.eventType('service end', (customer) => {
    count(-1);
    sojourns.push((sim.nowNs - arrivedNs[customer]) / SERVICE_NS);
    if (head < waiting.length) begin(waiting[head++]);
    else busy--;
  });
  const arrival = sim.eventType('arrival', (customer) => {
    count(1);
    arrivedNs[customer] = sim.nowNs;
    if (customer + 1 < customers) {
      const gapNs = (gaps.exponential() * SERVICE_NS) / (servers * load);
      sim.schedule(Math.floor(gapNs), arrival, customer + 1);
    }
    if (busy < servers) {
      busy++;
      begin(customer);
    } else waiting.push(customer);
  });
  sim.schedule(0, arrival, 0);
  while (sojourns.length < customers) sim.advance(100_000);
  const total = sojourns.reduce((sum, x) => sum + x, 0);
  return {
    customers: sojourns.length,
    meanSojourn: total / customers,
    meanWait: waitSum / customers,
    meanInSystem: areaNs / lastNs,
    shareWaiting: waited / customers,
    shareOver: (bound) => sojourns.filter((x) => x > bound).length / customers,
    arrivalRate: (customers / lastNs) * SERVICE_NS,
    digest: sim.digest(),
  };
}

function close(actual: number, expected: number, tolerance: number, what: string): void {
  const distance = Math.abs(actual - expected);
  assert.ok(distance <= tolerance, `${what}: ${actual} is not ${expected} +- ${tolerance}`);
}

test('M/M/1 at half load has the mean and the distribution of its closed form', () => {
  const n = 300_000;
  const outcome = simulateQueue(1, 0.5, n);
  // W = 1 / (mu - lambda) = 2. The mean wait of n customers has the asymptotic variance
  // rho (2 + 5 rho - 4 rho^2 + rho^3) / (1 - rho)^4 / n = 29 / n (Daley 1968); allowed are four
  // standard errors.
  const tolerance = 4 * Math.sqrt(29 / n);
  close(outcome.meanSojourn, 2, tolerance, 'mean sojourn');
  close(outcome.meanWait, 1, tolerance, 'mean wait');
  close(outcome.meanInSystem, 1, tolerance, 'mean number in system');
  close(outcome.shareWaiting, 0.5, 0.01, 'share of customers that wait');
  // Sojourns are exponential with mean 2.
  for (const bound of [1, 2, 4, 8]) {
    close(outcome.shareOver(bound), Math.exp(-bound / 2), 0.01, `share over ${bound}`);
  }
});

test('M/M/4 at 80 % load agrees with the formula of Erlang', () => {
  const outcome = simulateQueue(4, 0.8, 300_000);
  // Erlang C of 4 servers and 3.2 erlangs: 0.5964; mean wait C / (c mu - lambda) = 0.5964 / 0.8 =
  // 0.7455.
  close(outcome.shareWaiting, 0.5964, 0.015, 'share of customers that wait');
  close(outcome.meanWait, 0.7455, 0.05, 'mean wait');
});

test("Little's law holds to rounding: number in system = arrival rate x sojourn", () => {
  const outcome = simulateQueue(2, 0.9, 50_000);
  close(outcome.meanInSystem / (outcome.arrivalRate * outcome.meanSojourn), 1, 1e-12, 'ratio');
});

test('the reference queue simulates the same customers', () => {
  const digest = simulateQueue(4, 0.8, 20_000).digest;
  assert.equal(simulateQueue(4, 0.8, 20_000, 'fast-priority-queue').digest, digest);
});

test.run();
