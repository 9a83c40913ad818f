/**
 * Pods a second that the scheduling cycle allows in a case of scheduler_perf: its real algorithm on
 * the case's nodes and pods, its costs, no other component (the case's client may send 5000 calls a
 * second, and binding is asynchronous).
 *
 * One idea: the cost of a cycle follows from what exists then, so it is enough to schedule some of
 * the measured pods, evenly spread over the measurement; the others are put on nodes in turn.
 */
import { type Constants, NS_PER_S, type Simulation } from '../../../src/core/index.ts';
import {
  metaOf,
  type Node,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type Pod,
  type PodSpec,
  type Service,
  selectorOf,
  Uids,
} from '../../objects/index.ts';
import { ClusterCache } from '../cache/cluster-cache.ts';
import { cycleCosts } from '../constants.ts';
import { Algorithm } from '../framework/algorithm.ts';
import { Nominator } from '../framework/nominator.ts';
import { Preemption } from '../framework/preemption.ts';
import { defaultProfile, profileOf } from '../framework/profile.ts';
import { perfNode, perfPod } from './objects.ts';
import type { PerfRow, PodSet } from './rows.ts';

const GIB = 1024 * 1024 * 1024;
/** Client of scheduler_perf. */
const CLIENT_QPS = 5000;

export interface PredictOptions {
  readonly constants: Constants;
  /** For streams of its own: 'scheduler-perf/NAME/...'. */
  readonly sim: Simulation;
  /** Cores of the machine. The CI's are not known; default 8. */
  readonly cores?: number;
  readonly parallelism?: number;
  /** Pods that are really scheduled; default all that are measured. */
  readonly samples?: number;
}

export interface Prediction {
  readonly row: PerfRow;
  readonly podsPerSecond: number;
  /** Mean CPU time of a cycle: serial, and of all workers together, ns. */
  readonly serialNs: number;
  readonly parallelNs: number;
}

export function predict(row: PerfRow, o: PredictOptions): Prediction {
  const world = new PerfWorld(row, o);
  const samples = Math.min(row.measuredPods, o.samples ?? row.measuredPods);
  let serialNs = 0;
  let parallelNs = 0;
  let scheduled = 0;
  for (let i = 0; i < samples; i++) {
    const target = Math.floor(((i + 0.5) * row.measuredPods) / samples);
    while (scheduled < target) world.put(row.measured, scheduled++);
    const { work } = world.schedule(row.measured, scheduled++);
    serialNs += work.serialNs / samples;
    parallelNs += work.parallelNs / samples;
  }
  const workers = Math.min(o.parallelism ?? 16, o.cores ?? 8);
  const cycleNs = serialNs + parallelNs / workers;
  const otherShare = world.preemptionShare(workers);
  const podsPerSecond = Math.min(CLIENT_QPS, ((1 - otherShare) * NS_PER_S) / cycleNs);
  return { row, podsPerSecond, serialNs, parallelNs };
}

class PerfWorld {
  readonly #row: PerfRow;
  readonly #uids = new Uids();
  readonly #cache = new ClusterCache();
  readonly #algorithm: Algorithm;
  readonly #nominator = new Nominator();
  readonly #preemption: Preemption;
  #next = 0;

  constructor(row: PerfRow, { constants, sim }: PredictOptions) {
    this.#row = row;
    const stream = (purpose: string) => sim.stream(`scheduler-perf/${row.name}/${purpose}`);
    this.#algorithm = new Algorithm(
      this.#cache,
      profileOf(defaultProfile),
      { percentageOfNodesToScore: 0, costs: cycleCosts(constants) },
      { next: 0 },
      stream('ties'),
    );
    this.#preemption = new Preemption(this.#cache, stream('preemption'));
    const { namedNode, nodes, zones } = row;
    for (let i = 0; i < nodes; i++) {
      this.#cache.setNode(perfNode(this.#uids, `node-${i}`, zones[i % zones.length], 110));
    }
    if (namedNode !== undefined) {
      const { maxPods, name } = namedNode;
      this.#cache.setNode(perfNode(this.#uids, name, zones[0], maxPods));
    }
    for (let i = 0; i < 100; i++) {
      this.#cache.setNamespace(`sched-${i}`, { team: 'devops' });
    }
    if (row.service === true) this.#cache.setService(this.#service(row.measured));
    for (let i = 0; i < row.initPods; i++) this.put(row.init, i);
  }

  /** On the next node in turn, where it fits one; what fits none stays Pending. */
  put(set: PodSet, index: number): void {
    const pod = this.#pod(set, index);
    const node = this.#nodeFor(set.spec);
    if (node === null) return;
    this.#cache.addPod({ ...pod, nodeName: node.meta.name });
  }

  schedule(set: PodSet, index: number): Algorithm {
    const pod = this.#pod(set, index);
    const { row } = this.#algorithm.schedule(pod, this.#nominator);
    if (row >= 0) this.#cache.assume(pod, row);
    return this.#algorithm;
  }

  /** Of its time the scheduler spends so much on pods that preempt. */
  preemptionShare(workers: number): number {
    const { preemptors } = this.#row;
    if (preemptors === undefined) return 0;
    const pod = this.#pod({ ...this.#row.measured, spec: preemptors.spec }, 0);
    const { work } = this.#algorithm;
    if (this.#algorithm.schedule(pod, this.#nominator).row < 0) {
      work.fail();
      this.#preemption.run(pod, this.#algorithm, 0);
    }
    const cycleNs = work.serialNs + work.parallelNs / workers;
    return (cycleNs * preemptors.podsPerSecond) / NS_PER_S;
  }

  #nodeFor(spec: PodSpec): Node | null {
    const { table } = this.#cache;
    const { namedNode, nodes } = this.#row;
    if (namedNode !== undefined) return table.nodes[table.rowFor(namedNode.name)];
    const node = table.nodes[this.#next % nodes];
    this.#next++;
    if (node === null || spec.requests.cpuMilli > node.status.allocatable.cpuMilli) return null;
    return node;
  }

  #pod(set: PodSet, index: number): Pod {
    const namespace = set.namespaces[index % set.namespaces.length];
    const { labels } = set;
    if (this.#row.volumes !== true || set !== this.#row.measured) {
      return perfPod(this.#uids, set.spec, { namespace, labels });
    }
    const claimName = `claim-${index}`;
    this.#addVolume(namespace, claimName);
    const volumes = [{ kind: 'persistentVolumeClaim', claimName, readOnly: false }] as const;
    return perfPod(this.#uids, { ...set.spec, volumes }, { namespace, labels });
  }

  /** pv-aws.yaml, pvc.yaml: bound before the pod comes. */
  #addVolume(namespace: string, name: string): void {
    const volume: PersistentVolume = {
      resource: 'persistentvolumes',
      meta: metaOf(this.#uids, 0, { name }),
      bytes: 2000,
      resourceVersion: 1,
      spec: {
        storageClass: '',
        bytes: GIB,
        claim: `${namespace}/${name}`,
        nodeAffinity: null,
        driver: 'ebs.csi.aws.com',
      },
      phase: 'Bound',
    };
    const claim: PersistentVolumeClaim = {
      resource: 'persistentvolumeclaims',
      meta: metaOf(this.#uids, 0, { name, namespace }),
      bytes: 1500,
      resourceVersion: 1,
      spec: {
        storageClass: '',
        bytes: GIB,
        volumeName: name,
        accessMode: 'ReadWriteOnce',
      },
      selectedNode: '',
      phase: 'Bound',
    };
    this.#cache.volumes.volumes.set(volume.meta.path, volume);
    this.#cache.volumes.claims.set(claim.meta.path, claim);
  }

  #service({ labels, namespaces }: PodSet): Service {
    return {
      resource: 'services',
      meta: metaOf(this.#uids, 0, { name: 'service', namespace: namespaces[0] }),
      bytes: 1500,
      resourceVersion: 1,
      spec: { type: 'ClusterIP', selector: selectorOf(labels), ports: 1, headless: false },
      status: { loadBalancerReady: false },
    };
  }
}
