/**
 * Faults of services that a control plane depends on and does not contain: webhooks, image
 * registries, the cloud, the load balancer's idea of who is healthy.
 */
import { assert } from '../../src/core/index.ts';
import type { Cloud } from '../cloud/index.ts';
import { type FaultHandlers, undoAll } from './handler.ts';
import { kill } from './process.ts';
import { kubernetesOf, resolveTargets } from './targets.ts';
import type { FaultWorld } from './world.ts';

/** A process that no supervisor starts again before the fault is over. */
const AWAY_NS = 1;

export const serviceFaults: FaultHandlers<'webhook' | 'registry' | 'cloudApi' | 'deadBackend'> = {
  webhook: ({ webhook, outage, latency }, world) => {
    const { servers } = kubernetesOf(world);
    if (latency !== null) {
      servers.setWebhookLatency(webhook, latency);
      return () => servers.setWebhookLatency(webhook, null);
    }
    servers.setWebhookOutage(webhook, outage);
    return () => servers.setWebhookOutage(webhook, 'none');
  },

  registry: ({ state, group, bytesPerSecond }, world) => {
    const { nodes } = kubernetesOf(world);
    if (state === 'slow') {
      nodes.setRegistryBandwidth(bytesPerSecond);
      return () => nodes.setRegistryBandwidth(null);
    }
    const { holds } = world;
    return holds.hold(
      `registry/${group}`,
      () => nodes.setRegistry(false, group),
      () => nodes.setRegistry(true, group),
    );
  },

  cloudApi: ({ state, qps }, world) => {
    const cloud = cloudOf(world);
    if (state === 'throttled') {
      cloud.setThrottle(qps);
      return () => cloud.setThrottle(null);
    }
    const { holds } = world;
    return holds.hold(
      'cloud',
      () => cloud.setDown(true),
      () => cloud.setDown(false),
    );
  },

  deadBackend: ({ target }, world) => {
    const { balancer } = kubernetesOf(world).library.transport;
    const ends = resolveTargets(target, world).map((one) => {
      const name = one.kind === 'apiServer' ? one.server.name : '';
      balancer.ignoreHealth(name, true);
      const start = kill(one, world, AWAY_NS, false);
      return () => {
        balancer.ignoreHealth(name, false);
        start?.();
      };
    });
    return undoAll(ends);
  },
};

function cloudOf(world: FaultWorld): Cloud {
  const { cloud } = kubernetesOf(world);
  if (cloud === null) assert(false, 'there is no cloud in this run');
  return cloud;
}
