/** The fast algorithm against a scheduler that recomputes everything, through random changes. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { suite } from 'uvu';
import { nodesToFind } from '../../../models/scheduler/framework/algorithm.ts';
import {
  change,
  incoming,
  nodeParts,
  podSpec,
  roomyNodes,
  socialSpec,
  socialSteps,
} from './arbitrary.ts';
import { nodeOf, specOf } from './objects.ts';
import { Twin } from './twin.ts';

const test = suite('scheduler against its oracle');

test('filters, reasons, scores and chosen nodes are those of the slow scheduler', () => {
  fc.assert(
    fc.property(
      fc.array(nodeParts, { minLength: 1, maxLength: 5 }),
      fc.array(podSpec, { minLength: 3, maxLength: 3 }),
      fc.array(fc.oneof(change, incoming), { maxLength: 30 }),
      (parts, templates, steps) => {
        const twin = new Twin();
        for (const [i, part] of parts.entries()) {
          twin.setNode(nodeOf(twin.uids, `n${i}`, part));
        }
        for (const step of steps) {
          if ('kind' in step) twin.apply(step);
          else twin.place(templates[step.template], step.labels, step.namespace);
        }
      },
    ),
    { numRuns: 200 },
  );
});

test('so are spread and affinity where pods, nodes, namespaces and services change', () => {
  fc.assert(
    fc.property(
      roomyNodes,
      fc.array(socialSpec, { minLength: 4, maxLength: 4 }),
      socialSteps,
      (parts, templates, steps) => {
        const twin = new Twin();
        for (const [i, part] of parts.entries()) {
          twin.setNode(nodeOf(twin.uids, `n${i}`, part));
        }
        for (const step of steps) {
          if ('kind' in step) twin.apply(step);
          else twin.place(templates[step.template], step.labels, step.namespace);
        }
      },
    ),
    { numRuns: 200 },
  );
});

test('of many nodes as many are looked at as the real scheduler would, from where it left off', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('z0', 'z1', 'z2'), { minLength: 100, maxLength: 260 }),
      fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 5, maxLength: 12 }),
      (zones, sizes) => {
        const twin = new Twin();
        for (const [i, zone] of zones.entries()) {
          const cpuMilli = i % 4 === 0 ? 300 : 1000;
          twin.setNode(nodeOf(twin.uids, `n${i}`, { zone, cpuMilli }));
        }
        const specs = [100, 250, 400, 2000].map((cpuMilli) =>
          specOf({ requests: { cpuMilli, memoryBytes: 0, ephemeralBytes: 0, extended: {} } }),
        );
        for (const size of sizes) twin.place(specs[size], {}, 'one');
      },
    ),
    { numRuns: 15 },
  );
});

test('the number of nodes to find follows the adaptive percentage', () => {
  const cases = [
    [99, 0, 99],
    [100, 0, 100],
    [1000, 0, 420],
    [5000, 0, 500],
    [6000, 0, 300],
    [15_000, 0, 750],
    [5000, 10, 500],
    [500, 10, 100],
    [5000, 100, 5000],
  ];
  for (const [nodes, percentage, expected] of cases) {
    assert.equal(nodesToFind(nodes, percentage), expected, `${nodes} nodes`);
  }
});

test.run();
