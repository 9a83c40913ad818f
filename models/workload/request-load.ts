/**
 * Calls of the API as such: an open loop by rate, or a closed loop of clients.
 *
 * Targets of get, update, patch and delete are objects of the start (drawn uniformly) or, where
 * there are none, objects that this load creates; a create makes new objects.
 */
import type { Stream } from '../../src/core/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';
import type { LoadScenario } from '../../src/scenario/types.ts';
import type { ApiClient } from '../client-go/index.ts';
import { type ApiCall, type KubeObject, metaOf, type OpaqueObject } from '../objects/index.ts';
import type { LoadMeter, LoadWorld } from './loads.ts';

type Requests = Extract<LoadScenario, { readonly kind: 'requests' }>;

/** A closed loop does not spin on errors. */
const PAUSE_AFTER_ERROR_NS = 10e6;

export class RequestLoad {
  readonly #ctx: ModelContext;
  readonly #load: Requests;
  readonly #client: ApiClient;
  readonly #world: LoadWorld;
  readonly #meter: LoadMeter;
  readonly #arrivals: Stream;
  readonly #targets: Stream;
  readonly #arriveType: number;
  readonly #issueType: number;
  readonly #paths: string[];
  #made = 0;

  constructor(
    ctx: ModelContext,
    load: Requests,
    client: ApiClient,
    world: LoadWorld,
    meter: LoadMeter,
  ) {
    this.#ctx = ctx;
    this.#load = load;
    this.#client = client;
    this.#world = world;
    this.#meter = meter;
    const name = `load/${load.name}`;
    this.#arrivals = ctx.sim.stream(`${name}/requests`);
    this.#targets = ctx.sim.stream(`${name}/target`);
    this.#arriveType = ctx.sim.eventType(`${name}/request`, () => this.#onArrival());
    this.#issueType = ctx.sim.eventType(`${name}/issue`, () => this.#issue());
    this.#paths = world.pathsOf(load.resource);
  }

  start(): void {
    const { sim } = this.#ctx;
    const { startNs, ratePerSecond, clients } = this.#load;
    if (startNs >= sim.horizonNs) return;
    if (ratePerSecond > 0) sim.scheduleAt(startNs + this.#gapNs(), this.#arriveType);
    else for (let i = 0; i < clients; i++) sim.scheduleAt(startNs, this.#issueType);
  }

  #gapNs(): number {
    const { ratePerSecond, arrivals } = this.#load;
    const meanNs = 1e9 / ratePerSecond;
    const draw = arrivals === 'constant' ? 1 : this.#arrivals.exponentialInverse();
    return Math.max(1, Math.round(meanNs * draw));
  }

  #onArrival(): void {
    const { sim } = this.#ctx;
    if (sim.nowNs >= this.#load.stopNs) return;
    sim.schedule(this.#gapNs(), this.#arriveType);
    this.#meter.send(this.#client, this.#call(), sim.nowNs, null);
  }

  #issue(): void {
    const { sim } = this.#ctx;
    if (sim.nowNs >= this.#load.stopNs) return;
    this.#meter.send(this.#client, this.#call(), sim.nowNs, (result) => {
      const good = result.code >= 200 && result.code < 300;
      sim.schedule(good ? 0 : PAUSE_AFTER_ERROR_NS, this.#issueType);
    });
  }

  #call(): ApiCall {
    const load = this.#load;
    const { verb, resource } = load;
    const path = this.#paths.length > 0 ? this.#paths[this.#targets.below(this.#paths.length)] : '';
    switch (verb) {
      case 'list':
      case 'deletecollection': {
        const namespace = load.scope === 'cluster' ? '' : path.slice(0, path.indexOf('/'));
        const consistency = load.consistency === 'any' ? 'any' : 'consistent';
        return { verb, resource, namespace, consistency, limit: load.limit, wantItems: false };
      }
      case 'get': {
        const consistency = load.consistency === 'any' ? 'any' : 'consistent';
        return { verb, resource, path, consistency };
      }
      case 'create':
        return this.#create();
      case 'delete':
        return { verb, resource, path };
      default:
        return path === ''
          ? this.#create()
          : { verb: 'patch', resource, path, mutate: touch, bodyBytes: load.bytes };
    }
  }

  #create(): ApiCall {
    const { name, resource, bytes } = this.#load;
    const meta = metaOf(this.#world.uids, this.#ctx.sim.nowNs, {
      name: `${name}-${this.#made++}`,
      namespace: 'default',
    });
    const object: OpaqueObject = { resource, meta, bytes, resourceVersion: 0, data: {} };
    this.#paths.push(meta.path);
    return { verb: 'create', resource, namespace: 'default', object };
  }
}

/** Another version that differs in an annotation. */
function touch(current: KubeObject): KubeObject {
  return { ...current, resourceVersion: 0 };
}
