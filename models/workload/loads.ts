/**
 * What happens to a cluster as it runs: each load of the scenario, through a client of its own.
 *
 * One idea: a load plans its calls by the clock (open loop) or by its answers (closed loop), and
 * knows of the cluster only what it made itself and what the scenario lists.
 */
import type { Stream } from '../../src/core/index.ts';
import type { Counter, Tally } from '../../src/metrics/index.ts';
import type { ModelContext } from '../../src/resource/index.ts';
import type {
  LoadScenario,
  ObjectSetScenario,
  PodTemplateScenario,
  TracePod,
} from '../../src/scenario/types.ts';
import type { ApiClient } from '../client-go/index.ts';
import {
  type ApiCall,
  type ApiResult,
  type Deployment,
  type KubeObject,
  metaOf,
  type Pod,
  pendingPod,
  type ResourceName,
  selectorOf,
  type Uids,
  withMeta,
} from '../objects/index.ts';
import { KubectlLoad } from './kubectl-load.ts';
import { copyPath, INSTANCE, newDeployment, objectsOf, podTemplate } from './objects.ts';
import { RequestLoad } from './request-load.ts';
import type { Timeline } from './timeline.ts';

/** A Deployment of the churn, its pods apart. */
const CHURNED_BYTES = 3000;

export interface LoadWorld {
  readonly uids: Uids;
  readonly timeline: Timeline;
  /** Sets at the start and those of create loads, by name. */
  readonly sets: ReadonlyMap<string, ObjectSetScenario>;
  /** Paths of what was there at the start. */
  pathsOf(resource: ResourceName): string[];
}

type Of<K extends LoadScenario['kind']> = Extract<LoadScenario, { readonly kind: K }>;

type Changing = Of<'scale' | 'rollout' | 'delete'>;

/** Latency and outcome of the calls of one load. */
export class LoadMeter {
  readonly #ctx: ModelContext;
  readonly #load: string;
  readonly #latency = new Map<string, Tally>();
  readonly #outcomes = new Map<string, Counter>();

  constructor(ctx: ModelContext, load: string) {
    this.#ctx = ctx;
    this.#load = load;
  }

  /** Sends the call; its latency counts from `plannedNs`. */
  send(
    client: ApiClient,
    call: ApiCall,
    plannedNs: number,
    done: ((result: ApiResult) => void) | null,
  ): void {
    client.call(call, (result) => {
      this.#record(call, result, this.#ctx.sim.nowNs - plannedNs);
      done?.(result);
    });
  }

  #record(call: ApiCall, result: ApiResult, latencyNs: number): void {
    const { metrics } = this.#ctx;
    const { verb, resource } = call;
    const key = `${verb} ${resource}`;
    const labels = { load: this.#load, verb, resource };
    let tally = this.#latency.get(key);
    if (tally === undefined) {
      tally = metrics.tally('wavetank_load_request_duration_seconds', labels, {
        unit: 'ns',
        help: 'Calls of a load as it sees them, from the planned time, own rate limit included.',
      });
      this.#latency.set(key, tally);
    }
    const outcome = result.code === 0 ? result.reason : String(result.code);
    const outcomeKey = `${key} ${outcome}`;
    let counter = this.#outcomes.get(outcomeKey);
    if (counter === undefined) {
      counter = metrics.counter(
        'wavetank_load_requests',
        { ...labels, outcome },
        { help: 'Calls of a load by their HTTP status, or why there was none.' },
      );
      this.#outcomes.set(outcomeKey, counter);
    }
    counter.add();
    if (result.code >= 200 && result.code < 300) tally.record(latencyNs);
  }
}

export class Load {
  readonly scenario: LoadScenario;
  readonly #ctx: ModelContext;
  readonly #client: ApiClient;
  readonly #world: LoadWorld;
  readonly #meter: LoadMeter;
  readonly #arrivals: Stream;
  readonly #nextType: number;
  readonly #endType: number;
  readonly #changeType: number;
  readonly #requests: RequestLoad | null;
  readonly #commands: KubectlLoad | null;
  /** Index of the next copy, deployment or pod of a trace. */
  #next = 0;
  /** Churn: paths that are to be deleted, in order. */
  readonly #alive: string[] = [];

  constructor(ctx: ModelContext, scenario: LoadScenario, client: ApiClient, world: LoadWorld) {
    this.scenario = scenario;
    this.#ctx = ctx;
    this.#client = client;
    this.#world = world;
    this.#meter = new LoadMeter(ctx, scenario.name);
    const name = `load/${scenario.name}`;
    this.#arrivals = ctx.sim.stream(`${name}/arrival`);
    this.#nextType = ctx.sim.eventType(`${name}/next`, () => this.#step());
    this.#endType = ctx.sim.eventType(`${name}/end`, (index) => this.#end(index));
    this.#changeType = ctx.sim.eventType(`${name}/change`, (copy) => {
      if (scenario.kind === 'scale' || scenario.kind === 'rollout' || scenario.kind === 'delete') {
        this.#changeCopy(scenario, copy);
      }
    });
    this.#requests =
      scenario.kind === 'requests'
        ? new RequestLoad(ctx, scenario, client, world, this.#meter)
        : null;
    this.#commands = scenario.kind === 'kubectl' ? new KubectlLoad(ctx, scenario, client) : null;
  }

  start(): void {
    const { sim } = this.#ctx;
    const { scenario } = this;
    if (this.#requests !== null) this.#requests.start();
    else if (this.#commands !== null) this.#commands.start();
    else if (scenario.startNs < sim.horizonNs) sim.scheduleAt(scenario.startNs, this.#nextType);
  }

  #step(): void {
    const { scenario } = this;
    if (this.#ctx.sim.nowNs >= scenario.stopNs) return;
    switch (scenario.kind) {
      case 'create':
        this.#create(scenario);
        return;
      case 'churn':
        this.#churn(scenario);
        return;
      case 'scale':
      case 'rollout':
      case 'delete':
        this.#change(scenario);
        return;
      case 'replay':
        this.#replay(scenario.pods);
        return;
      default:
        return;
    }
  }

  #gapNs(perSecond: number, arrivals: 'poisson' | 'constant'): number {
    const meanNs = 1e9 / perSecond;
    const gapNs = arrivals === 'constant' ? meanNs : meanNs * this.#arrivals.exponentialInverse();
    return Math.max(1, Math.round(gapNs));
  }

  #send(call: ApiCall, done: ((result: ApiResult) => void) | null = null): void {
    this.#meter.send(this.#client, call, this.#ctx.sim.nowNs, done);
  }

  #createObject(object: KubeObject): void {
    const { resource, meta } = object;
    this.#world.timeline.requested(object, this.#ctx.sim.nowNs);
    this.#send({ verb: 'create', resource, namespace: meta.namespace, object, aboutUid: meta.uid });
  }

  #create(load: Of<'create'>): void {
    const { sim } = this.#ctx;
    const all = load.ratePerSecond === Infinity;
    do {
      const copy = this.#next++;
      if (copy >= load.set.copies) return;
      const objects = objectsOf(load.set, copy, this.#world.uids, sim.nowNs);
      for (const object of objects) this.#createObject(object);
    } while (all);
    sim.schedule(this.#gapNs(load.ratePerSecond, 'constant'), this.#nextType);
  }

  #churn(load: Of<'churn'>): void {
    const { sim } = this.#ctx;
    const index = this.#next++;
    const name = `${load.name}-${index}`;
    const namespace = `${load.name}-${index % load.namespaces}`;
    const labels = { ...load.template.labels, [INSTANCE]: name };
    const meta = metaOf(this.#world.uids, sim.nowNs, { name, namespace, labels });
    const deployment = newDeployment(meta, CHURNED_BYTES, {
      replicas: load.replicas,
      selector: selectorOf({ [INSTANCE]: name }),
      template: podTemplate(load.template, labels, 'v1'),
    });
    this.#createObject(deployment);
    this.#alive.push(meta.path);
    sim.schedule(load.lifetimeNs, this.#endType, index);
    sim.schedule(this.#gapNs(load.podsPerSecond / load.replicas, load.arrivals), this.#nextType);
  }

  /** A deployment of the churn has lived. */
  #end(index: number): void {
    const path = this.#alive[index];
    this.#send({ verb: 'delete', resource: 'deployments', path, propagation: 'Background' });
  }

  #change(load: Changing): void {
    const set = this.#world.sets.get(load.target);
    if (set === undefined || set.kind === 'Pod') return;
    for (let copy = 0; copy < set.copies; copy++) {
      if (load.overNs === 0) this.#changeCopy(load, copy);
      else {
        const delayNs = Math.floor(this.#arrivals.uniform() * load.overNs);
        this.#ctx.sim.schedule(delayNs, this.#changeType, copy);
      }
    }
  }

  #changeCopy(load: Changing, copy: number): void {
    const { nowNs } = this.#ctx.sim;
    const set = this.#world.sets.get(load.target);
    if (set === undefined || nowNs >= load.stopNs) return;
    const resource = set.kind === 'StatefulSet' ? 'statefulsets' : 'deployments';
    const path = copyPath(set, copy);
    if (load.kind === 'delete') {
      this.#send({ verb: 'delete', resource, path, propagation: 'Background' });
      return;
    }
    const mutate =
      load.kind === 'scale'
        ? scaledTo(this.#replicas(load))
        : rolledOut(`${load.name} ${nowNs}`, load.template);
    this.#send({ verb: 'patch', resource, path, mutate, bodyBytes: 500 });
  }

  #replicas({ replicas, replicasMax }: Changing): number {
    if (replicasMax === replicas) return replicas;
    return replicas + Math.floor(this.#arrivals.uniform() * (replicasMax - replicas + 1));
  }

  #replay(pods: readonly TracePod[]): void {
    const { sim } = this.#ctx;
    const startNs = this.scenario.startNs;
    while (this.#next < pods.length && startNs + pods[this.#next].atNs <= sim.nowNs) {
      this.#createObject(this.#podOf(pods[this.#next++]));
    }
    if (this.#next < pods.length) {
      sim.scheduleAt(startNs + pods[this.#next].atNs, this.#nextType);
    }
  }

  #podOf(traced: TracePod): Pod {
    const { name, namespace, template } = traced;
    const meta = metaOf(this.#world.uids, this.#ctx.sim.nowNs, {
      name,
      namespace,
      labels: template.labels,
    });
    return pendingPod(meta, template);
  }
}

type Spec = Deployment['spec'];

/** A new version of a Deployment or StatefulSet, whose specs are alike in what changes here. */
function withSpec(change: (spec: Spec) => Partial<Spec>) {
  return (current: KubeObject): KubeObject => {
    const object = current as Deployment;
    const meta = { generation: object.meta.generation + 1 };
    return {
      ...withMeta(object, meta),
      spec: { ...object.spec, ...change(object.spec) },
    } as Deployment;
  };
}

function scaledTo(replicas: number) {
  return withSpec(() => ({ replicas }));
}

/** Another revision of its template: a new one, with the labels of before, or the same again. */
function rolledOut(hash: string, template: PodTemplateScenario | null) {
  return withSpec(({ template: before }) => ({
    template:
      template === null
        ? { ...before, hash }
        : podTemplate(template, { ...template.labels, ...before.labels }, hash),
  }));
}
