/**
 * The disks of a member: those of the cluster, with what differs for the log, the database and
 * the member.
 */
import { diskOf } from './build.ts';
import type { Checker } from './checker.ts';
import { entryOf, type MapNode, type Node } from './document.ts';
import { diskGroup, type HostValue } from './fields/machine.ts';
import { wrapShorthand } from './read.ts';
import type { DiskScenario } from './types.ts';

export interface MemberDisks {
  /** Names of disks of the host; the same name: one disk for both. */
  readonly walDisk: string;
  readonly backendDisk: string;
  /** Disks that only this member has, to be added to its host. */
  readonly own: readonly DiskScenario[];
}

export interface DisksInput {
  readonly root: MapNode;
  readonly member: string;
  readonly host: string;
  /** True where no other member runs on the host: its disks then need no name of the member. */
  readonly alone: boolean;
  readonly hosts: readonly HostValue[];
}

interface Layer {
  readonly path: string;
  readonly map: MapNode;
}

export function disksOf(input: DisksInput, checker: Checker): MemberDisks {
  const own = `etcd.overrides.${input.member}`;
  const layersOf = (name: string) =>
    ['etcd.disk', `etcd.${name}`, `${own}.disk`, `${own}.${name}`].flatMap((path) =>
      layerAt(input.root, path),
    );
  const wal = merge(layersOf('walDisk'), checker);
  const backend = merge(layersOf('backendDisk'), checker);
  const split = ['walDisk', 'backendDisk'].some((name) =>
    [`etcd.${name}`, `${own}.${name}`].some((path) => layerAt(input.root, path).length > 0),
  );
  const disks: DiskScenario[] = [];
  const name = (layer: Layer, part: string) => {
    const use = entryOf(layer.map, 'use')?.value;
    if (use?.kind === 'scalar') return hostDisk(input, use.text, layer.path, checker);
    const disk = ownDisk(input, part, layer, checker);
    disks.push(disk);
    return disk.name;
  };
  const walDisk = name(wal, split ? 'wal' : 'disk');
  const backendDisk = split ? name(backend, 'backend') : walDisk;
  return { walDisk, backendDisk, own: disks };
}

/** The mapping at a path of plain keys, or nothing. */
function layerAt(root: MapNode, path: string): Layer[] {
  // Member names hold a slash but no dot, so the path splits at dots.
  let node: Node | undefined = root;
  for (const key of path.split('.')) {
    node = node?.kind === 'map' ? entryOf(node, key)?.value : undefined;
  }
  if (node === undefined) return [];
  const map = node.kind === 'map' ? node : wrapShorthand(diskGroup, node);
  return map === null ? [] : [{ path, map }];
}

/**
 * Later layers win, field by field; a disk of the host replaces a disk described, and the
 * reverse.
 */
function merge(layers: readonly Layer[], checker: Checker): Layer {
  let path = 'etcd.disk';
  let entries: MapNode['entries'] = [];
  let { span } = layers[0]?.map ?? { span: null };
  for (const layer of layers) {
    const keys = layer.map.entries.map((entry) => entry.key);
    const others = keys.filter((key) => key !== 'use');
    if (keys.includes('use') && others.length > 0) {
      checker.at(`${layer.path}.use`, 'WT1109', `use and ${others[0]} exclude each other`, {
        hint: 'describe the disk under hosts, or leave `use` out',
      });
    }
    const replaces = keys.includes('use') || entries.some((entry) => entry.key === 'use');
    // A new fsync comes with its own kind and name.
    const withFsync = keys.includes('fsync') ? ['fsyncKind', 'profileName'] : [];
    const kept = entries.filter((e) => !keys.includes(e.key) && !withFsync.includes(e.key));
    entries = [...(replaces ? [] : kept), ...layer.map.entries];
    path = layer.path;
    span = layer.map.span;
  }
  const source = { file: '', text: '' };
  return { path, map: { kind: 'map', entries, span: span ?? { source, start: 0, end: 0 } } };
}

function hostDisk(input: DisksInput, name: string, path: string, checker: Checker): string {
  const host = input.hosts.find((h) => h.name === input.host);
  const names = host?.disks.map((disk) => disk.name) ?? [];
  if (names.includes(name)) return name;
  const message = `host ${input.host} has no disk ${name}`;
  const hint = names.length === 0 ? `list it: hosts: [{ name: ${input.host}, disks: [...] }]` : '';
  checker.unknown(path, message, name, names, hint);
  return name;
}

function ownDisk(input: DisksInput, part: string, layer: Layer, checker: Checker): DiskScenario {
  const { use: _, ...value } = checker.reader.group(diskGroup, layer.map, layer.path);
  const taken = input.hosts.find((h) => h.name === input.host)?.disks.map((disk) => disk.name);
  const plain = input.alone && !taken?.includes(part);
  return diskOf(plain ? part : `${input.member}/${part}`, { name: part, ...value });
}
