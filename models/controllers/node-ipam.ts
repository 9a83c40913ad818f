/**
 * Node IPAM: gives each new node a range of pod addresses.
 *
 * Follows kubernetes/pkg/controller/nodeipam/ipam/range_allocator.go: 30 workers, one PATCH a node,
 * three tries.
 * Left out: several ranges, clouds that give the range themselves, the end of the range.
 */
import type { ApiClient, EventRecorder, Informer, WorkQueue } from '../client-go/index.ts';
import { isBeingDeleted, type Node } from '../objects/index.ts';
import { cost } from './constants.ts';
import {
  type Controller,
  type ControllerEnvironment,
  errorOf,
  patchCall,
  type Sync,
  send,
} from './environment.ts';

/** cidrUpdateWorkers, cidrUpdateRetries. */
const WORKERS = 30;
const TRIES = 3;
const PATCH_BYTES = 120;

export class NodeIpamController implements Controller {
  readonly name = 'node-ipam';
  readonly #client: ApiClient;
  readonly #recorder: EventRecorder;
  readonly #nodes: Informer<'nodes'>;
  readonly #queue: WorkQueue;
  /** Ranges in use, by number. */
  readonly #taken = new Set<number>();
  #next = 0;

  constructor(env: ControllerEnvironment) {
    this.#client = env.client('node');
    this.#recorder = env.recorder(this.#client);
    this.#nodes = env.informer('nodes');
    this.#queue = env.queue({
      name: 'cidrallocator_node',
      workers: WORKERS,
      syncNs: cost(env, 'controllers.syncNs'),
      sync: (key) => this.#sync(key),
    });
    const look = (node: Node) => {
      if (node.spec.podCIDR === '') this.#queue.add(node.meta.name);
      else this.#taken.add(rangeNumber(node.spec.podCIDR));
    };
    this.#nodes.addHandlers({
      onAdd: look,
      onUpdate: look,
      onDelete: (node) => this.#taken.delete(rangeNumber(node.spec.podCIDR)),
    });
  }

  *#sync(name: string): Sync {
    const node = this.#nodes.get(name);
    if (node === undefined || isBeingDeleted(node) || node.spec.podCIDR !== '') return '';
    const number = this.#allocate();
    const podCIDR = rangeName(number);
    let error = '';
    for (let i = 0; i < TRIES; i++) {
      const call = patchCall(node, PATCH_BYTES, (current) =>
        current.spec.podCIDR === '' ? withRange(current, podCIDR) : null,
      );
      const result = yield* send(this.#client, { ...call, uid: node.meta.uid });
      error = errorOf(result);
      if (error === '') {
        // It had one already, which our cache did not show yet.
        const stored = result.object as Node; // The node as stored.
        if (stored.spec.podCIDR !== podCIDR) this.#taken.delete(number);
        return '';
      }
    }
    this.#recorder.record(node, 'CIDRAssignmentFailed');
    // A timeout may have gone through: then the range stays taken.
    if (error !== 'Timeout' && error !== 'ClientTimeout') this.#taken.delete(number);
    return error === 'NotFound' ? '' : error;
  }

  #allocate(): number {
    while (this.#taken.has(this.#next)) this.#next++;
    this.#taken.add(this.#next);
    return this.#next++;
  }
}

function withRange(node: Node, podCIDR: string): Node {
  return { ...node, resourceVersion: 0, spec: { ...node.spec, podCIDR } };
}

/** The n-th /24 of 10.0.0.0/8. */
export function rangeName(number: number): string {
  return `10.${(number >> 8) & 255}.${number & 255}.0/24`;
}

/** -1 where it is none of ours. */
export function rangeNumber(podCIDR: string): number {
  const match = /^10\.(\d+)\.(\d+)\.0\/24$/.exec(podCIDR);
  return match === null ? -1 : Number(match[1]) * 256 + Number(match[2]);
}
