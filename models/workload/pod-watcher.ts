/**
 * The watcher of the start-up SLI: an informer on all pods, as clusterloader2 has one
 * (perf-tests clusterloader2/pkg/measurement/common/slos/pod_startup_latency.go). It is load too.
 */
import type { ClientLibrary, InformerFactory } from '../client-go/index.ts';
import type { Pod } from '../objects/index.ts';
import type { Timeline } from './timeline.ts';

/** Host of the network of those who use the cluster from outside. */
export const loadHost = 'operators';

export class PodWatcher {
  readonly #factory: InformerFactory;

  constructor(library: ClientLibrary, timeline: Timeline, servers: readonly string[]) {
    const client = library.client({
      name: 'slo-monitor',
      user: {
        name: 'system:serviceaccount:monitoring:slo-monitor',
        groups: ['system:serviceaccounts', 'system:serviceaccounts:monitoring'],
        agent: 'slo-monitor',
        authentication: 'serviceAccountToken',
      },
      networkHost: loadHost,
      qps: Infinity,
      burst: 1,
      timeoutNs: Infinity,
      servers,
    });
    this.#factory = library.informers(client, null);
    const { sim } = library.ctx;
    const seen = (pod: Pod) => {
      if (pod.status.phase === 'Failed') timeline.podFailed(pod.meta.uid);
      if (pod.status.phase !== 'Running' && pod.status.phase !== 'Succeeded') return;
      if (!pod.status.ready && pod.status.phase === 'Running') return;
      timeline.podStage(pod.meta.uid, 'observed', sim.nowNs);
    };
    this.#factory.informer('pods').addHandlers({
      onAdd: seen,
      onUpdate: (pod) => seen(pod),
      onDelete: (pod) => timeline.podDeleted(pod.meta.uid),
    });
  }

  start(): void {
    this.#factory.start(true);
  }
}
