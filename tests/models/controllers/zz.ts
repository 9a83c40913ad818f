import { Bed } from './bed.ts';
import { deployment, service } from './objects.ts';

const t0 = performance.now();
const bed = new Bed({ nodes: 1000, scenario: { qps: 2000, burst: 2000 } });
bed.to(1);
for (let i = 0; i < 200; i++) {
  bed.apply(deployment(bed.uids, `w${i}`, 50));
  bed.apply(service(bed.uids, `w${i}`, { app: `w${i}` }));
}
bed.to(60);
const ms = performance.now() - t0;
console.log(
  bed.readyPods.length,
  'pods',
  bed.endpoint.calls.length,
  'calls',
  bed.sim.eventCount,
  'events',
  Math.round(ms),
  'ms',
  ((ms * 1000) / bed.endpoint.calls.length).toFixed(1),
  'us/call',
  bed.endpoint.store.revision,
  'writes',
);
const by = new Map<string, number>();
for (const c of bed.endpoint.calls) {
  const k = `${c.verb} ${c.resource}/${c.subresource ?? ''}`;
  by.set(k, (by.get(k) ?? 0) + 1);
}
console.log([...by].sort((a, b) => b[1] - a[1]).slice(0, 14));
