/**
 * The TTL controller: writes on each node how long its kubelet may keep Secrets, by the size of the
 * cluster; so each new node costs a PATCH, and a cluster that outgrows a step one for every node.
 *
 * Follows kubernetes/pkg/controller/ttl/ttl_controller.go.
 */
import type { ApiClient, Informer, WorkQueue } from '../client-go/index.ts';
import type { Node } from '../objects/index.ts';
import { cost } from './constants.ts';
import {
  type Controller,
  type ControllerEnvironment,
  patchCall,
  perform,
  type Sync,
} from './environment.ts';

/** ttlBoundaries: the step holds from `min` to `max` nodes, with overlap. */
const STEPS = [
  { min: 0, max: 100, ttlS: 0 },
  { min: 90, max: 500, ttlS: 15 },
  { min: 450, max: 1000, ttlS: 30 },
  { min: 900, max: 2000, ttlS: 60 },
  { min: 1800, max: Number.POSITIVE_INFINITY, ttlS: 300 },
] as const;
const PATCH_BYTES = 120;
const WORKERS = 5;

export class NodeTtlController implements Controller {
  readonly name = 'ttl';
  readonly #client: ApiClient;
  readonly #nodes: Informer<'nodes'>;
  readonly #queue: WorkQueue;
  #count = 0;
  #step = 0;

  constructor(env: ControllerEnvironment) {
    this.#client = env.client('ttl-controller');
    this.#nodes = env.informer('nodes');
    this.#queue = env.queue({
      name: 'ttlcontroller',
      workers: WORKERS,
      syncNs: cost(env, 'controllers.syncNs'),
      sync: (key) => this.#sync(key),
    });
    this.#nodes.addHandlers({
      onAdd: (node) => {
        this.#count++;
        if (this.#count > STEPS[this.#step].max) this.#step++;
        this.#look(node);
      },
      onUpdate: (node) => this.#look(node),
      onDelete: () => {
        this.#count--;
        if (this.#count < STEPS[this.#step].min) this.#step--;
      },
    });
  }

  #look(node: Node): void {
    if (!this.#isRight(node)) this.#queue.add(node.meta.name);
  }

  /** What exists since before the run was annotated then. */
  #isRight(node: Node): boolean {
    if (node.ttlS === undefined) return node.meta.createdNs === 0;
    return node.ttlS === STEPS[this.#step].ttlS;
  }

  *#sync(name: string): Sync {
    const node = this.#nodes.get(name);
    if (node === undefined || this.#isRight(node)) return '';
    const { ttlS } = STEPS[this.#step];
    const call = patchCall(node, PATCH_BYTES, (current) =>
      current.ttlS === ttlS ? null : { ...current, resourceVersion: 0, ttlS },
    );
    const error = yield* perform(this.#client, call);
    return error === 'NotFound' ? '' : error;
  }
}
