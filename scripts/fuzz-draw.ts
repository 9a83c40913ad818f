/**
 * Scenarios by chance, as the plain value of their YAML: cluster, load, and faults of every verb
 * that the table of fields has, on every target that the verb takes. A verb or an option that is
 * added there is drawn here without anybody thinking of it.
 */
import { parse } from 'yaml';
import { createStream, type Stream } from '../src/core/index.ts';
import { specOf } from '../src/scenario/faults/specs.ts';
import { TargetNames } from '../src/scenario/faults/targets.ts';
import type { Field } from '../src/scenario/field.ts';
import { faultFields, faultVerbs, lastingVerbs } from '../src/scenario/fields/faults.ts';
import { parseScenario, type Scenario } from '../src/scenario/index.ts';
import type { FaultAction } from '../src/scenario/types.ts';

export type Plain = { readonly [key: string]: unknown };

/** Seconds of the run; faults begin early enough to show what comes of them. */
const HORIZON_S = { etcd: 20, kubernetes: 40 };
const VERBS = Object.keys(faultVerbs) as FaultAction['kind'][];

/** Draws that read well. */
class Dice {
  readonly #stream: Stream;

  constructor(seed: string) {
    this.#stream = createStream(seed, 'fuzz');
  }

  pick<T>(values: readonly T[]): T {
    return values[this.#stream.below(values.length)];
  }

  chance(probability: number): boolean {
    return this.#stream.uniform() < probability;
  }

  /** Whole number of min to max. */
  int(min: number, max: number): number {
    return min + this.#stream.below(max - min + 1);
  }

  ms(min: number, max: number): string {
    return `${this.int(min, max)}ms`;
  }
}

/** The scenario of a seed: always the same one. Faults that the checks refuse are left out. */
export function drawScenario(seed: string): Plain {
  const dice = new Dice(seed);
  const kubernetes = dice.chance(0.4);
  const horizonS = kubernetes ? HORIZON_S.kubernetes : HORIZON_S.etcd;
  const base: Plain = {
    apiVersion: 'wavetank/v1alpha1',
    kind: 'Scenario',
    metadata: { name: 'fuzz' },
    horizon: `${horizonS}s`,
    warmup: '1s',
    seed,
    replications: 1,
    etcd: etcdOf(dice),
    network: networkOf(dice),
    ...(kubernetes ? { kubernetes: kubernetesOf(dice) } : { workload: workloadOf(dice) }),
  };
  const quiet = parsed(base);
  if (quiet === null) return base;
  const faults: Plain[] = [];
  const randomFaults: Plain[] = [];
  const targets = new TargetNames(quiet);
  for (let i = dice.int(0, 5); i > 0; i--) {
    const random = dice.chance(0.3);
    const list = random ? randomFaults : faults;
    const fault = faultOf(dice, targets, random, horizonS);
    const named = { name: `${random ? 'r' : 'f'}${list.length}`, ...fault };
    list.push(named);
    if (parsed({ ...base, faults, randomFaults }) === null) list.pop();
  }
  return { ...base, faults, randomFaults };
}

/** Null where the scenario has mistakes. */
export function parsed(value: Plain): Scenario | null {
  // JSON is YAML.
  return parseScenario(JSON.stringify(value), { file: 'fuzz.yaml' }).scenario;
}

function etcdOf(dice: Dice): Plain {
  const fsync = dice.pick<unknown>([
    '0s',
    '2ms',
    '10ms',
    { lognormal: { p50: '1ms', p99: '20ms' } },
    { mixture: { body: '1ms', stall: { startPerSecond: 0.2, length: '800ms' } } },
  ]);
  return {
    members: dice.pick([1, 3, 3, 3, 5]),
    version: dice.pick(['3.4', '3.5', '3.6', '3.6', '3.7']),
    disk: { fsync, queueDepth: dice.pick<unknown>([1, 8, 'unlimited']) },
    extraArgs: {
      'snapshot-count': dice.pick(['50', '1000', '10000']),
      'heartbeat-interval': dice.pick(['50', '100']),
      'election-timeout': dice.pick(['600', '1000']),
    },
  };
}

function networkOf(dice: Dice): Plain {
  return {
    peerRtt: dice.pick(['200us', '2ms', '30ms']),
    clientRtt: dice.pick(['200us', '5ms']),
    loss: dice.pick<unknown>([0, 0, '0.5%']),
  };
}

function workloadOf(dice: Dice): Plain[] {
  const count = dice.int(1, 4);
  return Array.from({ length: count }, (_, i) => {
    const op = dice.pick(['put', 'put', 'range', 'txn', 'delete', 'lease-grant', 'watch']);
    const common = { name: `w${i}`, op, keySpace: dice.pick([1, 10, 1000]) };
    if (op === 'watch') return { ...common, clients: dice.pick([1, 20]) };
    const request = {
      ...common,
      deadline: dice.ms(300, 3000),
      retries: dice.pick([0, 0, 3]),
      target: dice.pick(['leader', 'all', 'random']),
    };
    return dice.chance(0.5)
      ? { ...request, rate: `${dice.int(1, 60)}/s`, arrivals: dice.pick(['constant', 'poisson']) }
      : { ...request, clients: dice.int(1, 5), thinkTime: dice.ms(5, 200) };
  });
}

function kubernetesOf(dice: Dice): Plain {
  const planes = dice.pick([1, 1, 3]);
  const template = { cpu: dice.pick(['50m', '500m']), memory: '32MiB', readyAfter: '100ms' };
  const kind = () => dice.pick(['Deployment', 'Deployment', 'StatefulSet', 'DaemonSet', 'Job']);
  const load: Plain[] = [];
  for (let i = dice.int(1, 3); i > 0; i--) {
    const start = `${dice.int(2, 12)}s`;
    const of = kind();
    const replicas = of === 'DaemonSet' || of === 'Job' ? {} : { replicas: dice.int(1, 8) };
    const own = of === 'Job' ? { ...template, runsFor: '1s', restartPolicy: 'Never' } : template;
    const name = `load${load.length}`;
    if (dice.chance(0.3)) {
      const churn = { pods: `${dice.int(1, 4)}/s`, replicas: 2, lifetime: '6s', template };
      load.push({ name, start, stop: '25s', churn });
    } else {
      load.push({ name, start, create: { kind: of, name: `set${i}`, ...replicas, template: own } });
    }
  }
  const webhook = {
    name: 'policy',
    resources: ['pods'],
    verbs: ['create'],
    latency: '5ms',
    timeout: '2s',
    failurePolicy: dice.pick(['Fail', 'Ignore']),
  };
  return {
    version: dice.pick(['1.28', '1.31', '1.33', '1.35', '1.36']),
    controlPlane: { replicas: planes, topology: dice.pick(['stacked', 'external']) },
    kubeAPIServer: {
      eventsEtcd: dice.chance(0.2),
      ...(dice.chance(0.4) ? { webhooks: [webhook] } : {}),
    },
    nodeGroups: [{ name: 'worker', count: dice.int(2, 8), zones: ['a', 'b'] }],
    objects: [{ kind: 'Deployment', name: 'web', replicas: dice.int(1, 6), template }],
    load,
  };
}

function faultOf(dice: Dice, targets: TargetNames, random: boolean, horizonS: number): Plain {
  const verb = dice.pick(VERBS);
  const lasts = lastingVerbs.includes(verb);
  const forMs = dice.ms(1, 5000);
  const times = random
    ? { mtbf: `${dice.int(2, 30)}s`, ...(lasts ? { mttr: forMs } : {}) }
    : { at: dice.ms(1000, 700 * horizonS), ...(lasts && dice.chance(0.9) ? { for: forMs } : {}) };
  return { ...times, [verb]: givenTo(dice, verb, targets), ...optionsOf(dice, verb, random) };
}

/** A target of the verb, or its example where it takes something else. */
function givenTo(dice: Dice, verb: FaultAction['kind'], targets: TargetNames): unknown {
  const field: Field = faultVerbs[verb];
  const names = targets.list(specOf(verb).targets);
  if (field.type === 'enum') return dice.pick(field.values ?? []);
  if (field.type !== 'string' && field.type !== 'groups' && field.type !== 'pair') {
    return exampleOf(field);
  }
  if (names.length === 0 || verb === 'addMember') return exampleOf(field);
  if (field.type === 'pair') return [dice.pick(names), dice.pick(names)];
  if (field.type === 'groups') {
    return dice.chance(0.5) ? dice.pick(names) : [[dice.pick(names)], [dice.pick(names)]];
  }
  return dice.pick(names);
}

/** What goes with the verb: each option in every other fault, by its example. */
function optionsOf(dice: Dice, verb: string, random: boolean): Plain {
  const options: Record<string, unknown> = {};
  for (const [name, field] of Object.entries<Field>(faultFields)) {
    if (field.only?.includes(verb) !== true || name === 'for') continue;
    if (random && name === 'restartAfter') continue;
    if (!dice.chance(field.default === undefined ? 0.8 : 0.4)) continue;
    if (field.type === 'boolean') options[name] = dice.chance(0.5);
    else if (field.type === 'enum') options[name] = dice.pick(field.values ?? []);
    else if (field.example !== undefined) options[name] = exampleOf(field);
  }
  return options;
}

function exampleOf(field: Field): unknown {
  return parse(field.example ?? field.default ?? '') as unknown;
}
