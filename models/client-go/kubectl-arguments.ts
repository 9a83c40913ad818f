/**
 * Commands of kubectl as they are typed: verb, resource and names, flags. Only what changes the
 * requests is read; other flags are passed over.
 */
import { type ResourceName, resourceInfos } from '../objects/index.ts';

export interface KubectlArguments {
  readonly verb: string;
  /** After the verb, flags apart. */
  readonly words: readonly string[];
  readonly namespace: string;
  readonly allNamespaces: boolean;
  /** `-l a=b,c=d`. */
  readonly labels: Readonly<Record<string, string>>;
  /** `--raw PATH`; '' = none. */
  readonly raw: string;
  readonly replicas: number;
  readonly chunkSize: number;
  /** drain, delete: `--grace-period`, ns; NaN: what each pod says. */
  readonly graceNs: number;
  /** drain: pods that nobody would make again go as well. */
  readonly force: boolean;
  readonly ignoreDaemonSets: boolean;
  /** drain: deletes in place of evictions, budgets or not. */
  readonly disableEviction: boolean;
  /** drain: gives up after so long, ns; Infinity = never. */
  readonly timeoutNs: number;
}

const SHORT: Readonly<Record<string, ResourceName>> = {
  po: 'pods',
  no: 'nodes',
  ev: 'events',
  ns: 'namespaces',
  sa: 'serviceaccounts',
  cm: 'configmaps',
  svc: 'services',
  ep: 'endpoints',
  deploy: 'deployments',
  rs: 'replicasets',
  rc: 'replicationcontrollers',
  sts: 'statefulsets',
  ds: 'daemonsets',
  cj: 'cronjobs',
  hpa: 'horizontalpodautoscalers',
  pdb: 'poddisruptionbudgets',
  pc: 'priorityclasses',
  quota: 'resourcequotas',
  limits: 'limitranges',
  pv: 'persistentvolumes',
  pvc: 'persistentvolumeclaims',
  sc: 'storageclasses',
  netpol: 'networkpolicies',
  ing: 'ingresses',
  csr: 'certificatesigningrequests',
};

/** `kubectl get all`: category "all" of the built-in resources. */
export const ALL: readonly ResourceName[] = [
  'pods',
  'replicationcontrollers',
  'services',
  'daemonsets',
  'deployments',
  'replicasets',
  'statefulsets',
  'horizontalpodautoscalers',
  'cronjobs',
  'jobs',
];

export const KUBECTL_VERBS: readonly string[] = [
  'get',
  'describe',
  'top',
  'delete',
  'drain',
  'cordon',
  'uncordon',
  'scale',
  'rollout',
  'logs',
  'exec',
  'cluster-info',
  'version',
  'api-resources',
];

/** 'po', 'pod', 'pods', 'Pod', 'pods.v1.'; null where it is none of ours. */
export function resourceOf(word: string): ResourceName | null {
  const name = word.toLowerCase().split('.')[0];
  const short = SHORT[name];
  if (short !== undefined) return short;
  for (const info of resourceInfos) {
    if (name === info.name || name === info.kind.toLowerCase()) return info.name;
  }
  return null;
}

/** 'pods,svc' or 'all'; null where one of them is none of ours. */
export function resourcesOf(word: string): readonly ResourceName[] | null {
  if (word === 'all') return ALL;
  const found = word.split(',').map(resourceOf);
  return found.every((resource) => resource !== null) ? found : null;
}

/** Flags that take a value of their own word. */
const VALUED: readonly string[] = [
  '-n',
  '--namespace',
  '-l',
  '--selector',
  '-o',
  '--output',
  '--raw',
  '--replicas',
  '--chunk-size',
  '-f',
  '--filename',
  '-c',
  '--container',
  '--field-selector',
  '--sort-by',
  '--grace-period',
  '--timeout',
];

/** `command` without the leading 'kubectl', which is passed over where it is there. */
export function parseKubectl(command: readonly string[]): KubectlArguments {
  const words: string[] = [];
  const flags = new Map<string, string>();
  for (let i = command[0] === 'kubectl' ? 1 : 0; i < command.length; i++) {
    const word = command[i];
    // What follows belongs to the program that `exec` runs.
    if (word === '--') break;
    if (!word.startsWith('-')) words.push(word);
    else if (word.includes('=')) flags.set(...halves(word, '='));
    else if (VALUED.includes(word)) flags.set(word, command[++i] ?? '');
    else flags.set(word, 'true');
  }
  const flag = (...names: string[]) => names.map((name) => flags.get(name)).find(Boolean) ?? '';
  const isSet = (...names: string[]) => flag(...names) === 'true';
  return {
    verb: words[0] ?? '',
    words: words.slice(1),
    namespace: flag('-n', '--namespace') || 'default',
    allNamespaces: isSet('-A', '--all-namespaces'),
    labels: labelsOf(flag('-l', '--selector')),
    raw: flag('--raw'),
    replicas: Number(flag('--replicas') || 1),
    chunkSize: Number(flag('--chunk-size') || 500),
    graceNs: Number(flag('--grace-period') || -1) < 0 ? NaN : Number(flag('--grace-period')) * 1e9,
    force: isSet('--force'),
    ignoreDaemonSets: isSet('--ignore-daemonsets'),
    disableEviction: isSet('--disable-eviction'),
    timeoutNs: secondsOf(flag('--timeout')) * 1e9,
  };
}

/** What is wrong with a command; null = nothing. */
export function kubectlProblem(command: readonly string[]): string | null {
  const { verb, words, raw } = parseKubectl(command);
  if (!KUBECTL_VERBS.includes(verb)) {
    return `kubectl ${verb} is not modelled; known are ${KUBECTL_VERBS.join(', ')}`;
  }
  if (raw !== '') return raw.startsWith('/') ? null : '--raw takes a path that begins with /';
  if (verb === 'drain' || verb === 'cordon' || verb === 'uncordon' || verb === 'logs') {
    return words.length === 1 ? null : `kubectl ${verb} takes one name`;
  }
  const typed = ['get', 'describe', 'delete', 'scale', 'top'].includes(verb);
  const first = verb === 'rollout' ? words[1] : words[0];
  if (!typed && verb !== 'rollout') return null;
  const word = (first ?? '').split('/')[0];
  if (resourcesOf(word) === null) return `kubectl ${verb}: '${word}' is no resource`;
  const named = verb === 'delete' || verb === 'scale' || verb === 'rollout';
  const hasName = first?.includes('/') || words.length > (verb === 'rollout' ? 2 : 1);
  return named && !hasName ? `kubectl ${verb} takes a resource and a name` : null;
}

function labelsOf(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  if (text === '') return labels;
  for (const part of text.split(',')) {
    const [key, value] = halves(part.replace('==', '='), '=');
    labels[key] = value;
  }
  return labels;
}

/** '90s', '5m', '1h', '0' = for ever. */
function secondsOf(text: string): number {
  const match = /^(\d+)(s|m|h|)$/.exec(text);
  const count = Number(match?.[1] ?? 0);
  if (match === null || count === 0) return Number.POSITIVE_INFINITY;
  return count * ({ s: 1, m: 60, h: 3600 }[match[2]] ?? 1);
}

function halves(text: string, by: string): [string, string] {
  const at = text.indexOf(by);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + by.length)];
}
