/**
 * Commands of etcdctl and etcdutl as what they do to etcd: plain data for who talks to it.
 * Source: etcd-io/etcd etcdctl/README.md.
 */

export type EtcdctlCommand =
  | {
      readonly kind: 'get';
      readonly prefix: string;
      readonly isPrefix: boolean;
      readonly keysOnly: boolean;
      readonly countOnly: boolean;
      readonly limit: number;
      readonly consistency: 'linearizable' | 'serializable';
    }
  | { readonly kind: 'put' | 'del'; readonly key: string; readonly isPrefix: boolean }
  | {
      readonly kind: 'compact' | 'defrag' | 'snapshotSave' | 'moveLeader' | 'alarmDisarm';
      /** Revision of compact, member of moveLeader; '' otherwise. */
      readonly argument: string;
      /** Every member, not the first endpoint alone. */
      readonly cluster: boolean;
    }
  | { readonly kind: 'endpointStatus' | 'endpointHealth' | 'memberList'; readonly cluster: boolean }
  | { readonly kind: 'checkPerf'; readonly ratePerSecond: number };

/** `etcdctl check perf --load=`: requests a second (etcdctl/ctlv3/command/check.go). */
const PERF_LOADS: Readonly<Record<string, number>> = { s: 150, m: 1000, l: 8000, xl: 15_000 };

/** A command, with or without the leading 'etcdctl'; a text says what is wrong with it. */
export function parseEtcdctl(command: readonly string[]): EtcdctlCommand | string {
  const isNamed = command[0] === 'etcdctl' || command[0] === 'etcdutl';
  const rest = isNamed ? command.slice(1) : command;
  const words = rest.filter((word) => !word.startsWith('-'));
  const flags = rest.filter((word) => word.startsWith('-'));
  const has = (flag: string) => flags.includes(flag) || flags.includes(`${flag}=true`);
  const value = (flag: string) =>
    flags.find((f) => f.startsWith(`${flag}=`))?.slice(flag.length + 1) ?? '';
  const cluster = has('--cluster');
  const [verb = '', argument = ''] = words;
  switch (verb) {
    case 'get':
      if (argument === '') return 'etcdctl get takes a key';
      return {
        kind: 'get',
        prefix: argument,
        isPrefix: has('--prefix'),
        keysOnly: has('--keys-only'),
        countOnly: has('--count-only'),
        limit: Number(value('--limit') || 0),
        consistency: value('--consistency') === 's' ? 'serializable' : 'linearizable',
      };
    case 'put':
    case 'del':
      if (argument === '') return `etcdctl ${verb} takes a key`;
      return { kind: verb, key: argument, isPrefix: has('--prefix') };
    case 'compact':
    case 'compaction':
      return { kind: 'compact', argument, cluster };
    case 'defrag':
      return { kind: 'defrag', argument: '', cluster };
    case 'move-leader':
      return { kind: 'moveLeader', argument, cluster };
    case 'alarm':
      if (argument !== 'disarm') break;
      return { kind: 'alarmDisarm', argument: '', cluster };
    case 'snapshot':
      if (argument !== 'save') break;
      return { kind: 'snapshotSave', argument: '', cluster };
    case 'endpoint':
      if (argument === 'status') return { kind: 'endpointStatus', cluster };
      if (argument === 'health') return { kind: 'endpointHealth', cluster };
      break;
    case 'member':
      if (argument === 'list') return { kind: 'memberList', cluster };
      break;
    case 'check':
      if (argument !== 'perf') break;
      return { kind: 'checkPerf', ratePerSecond: PERF_LOADS[value('--load') || 's'] ?? 150 };
  }
  return (
    `etcdctl ${words.slice(0, 2).join(' ')} is not modelled; known are get, put, del, compact, ` +
    'defrag, move-leader, alarm disarm, snapshot save, endpoint status, endpoint health, ' +
    'member list, check perf'
  );
}
