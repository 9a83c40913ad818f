/** Pods with claims: where they may go, and what is written before they are bound. */
import assert from 'node:assert/strict';
import { suite } from 'uvu';
import {
  type KubeObject,
  LABEL_ZONE,
  metaOf,
  type OpaqueObject,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type StorageClass,
  type Uids,
} from '../../../models/objects/index.ts';
import { Bed } from './bed.ts';
import { GI, nodeOf, podOf, specOf } from './objects.ts';

const test = suite('volumes of pods');

function storageClass(uids: Uids, o: Partial<StorageClass>): StorageClass {
  return {
    resource: 'storageclasses',
    meta: metaOf(uids, 0, { name: 'fast' }),
    bytes: 600,
    resourceVersion: 0,
    provisioner: 'csi.example.com',
    bindingMode: 'WaitForFirstConsumer',
    ...o,
  };
}

function claim(
  uids: Uids,
  name: string,
  volumeName = '',
  o: Partial<PersistentVolumeClaim['spec']> = {},
): PersistentVolumeClaim {
  return {
    resource: 'persistentvolumeclaims',
    meta: metaOf(uids, 0, { name, namespace: 'default' }),
    bytes: 1500,
    resourceVersion: 0,
    spec: {
      storageClass: 'fast',
      bytes: GI,
      volumeName,
      accessMode: 'ReadWriteOnce',
      ...o,
    },
    selectedNode: '',
    phase: volumeName === '' ? 'Pending' : 'Bound',
  };
}

function volume(
  uids: Uids,
  name: string,
  zone: string | null,
  o: Partial<PersistentVolume['spec']> = {},
): PersistentVolume {
  const term = (value: string) => ({
    matchExpressions: [{ key: LABEL_ZONE, operator: 'In' as const, values: [value] }],
    matchFields: [],
  });
  return {
    resource: 'persistentvolumes',
    meta: metaOf(uids, 0, { name }),
    bytes: 2000,
    resourceVersion: 0,
    spec: {
      storageClass: 'fast',
      bytes: 2 * GI,
      claim: '',
      nodeAffinity: zone === null ? null : [term(zone)],
      driver: 'csi.example.com',
      ...o,
    },
    phase: o.claim === undefined ? 'Available' : 'Bound',
  };
}

function using(...claims: string[]) {
  return specOf({
    volumes: claims.map((claimName) => ({
      kind: 'persistentVolumeClaim',
      claimName,
      readOnly: false,
    })),
  });
}

function bedWith(objects: (uids: Uids) => readonly KubeObject[]): Bed {
  const nodes = (uids: Uids) => [0, 1, 2].map((i) => nodeOf(uids, `n${i}`, { zone: `z${i}` }));
  return new Bed({ preload: (uids) => [...nodes(uids), ...objects(uids)] });
}

function reasonsOf(bed: Bed, uid: number): string[] {
  return (bed.attempts.get(uid)?.removed ?? []).map((r) => `${r.plugin} ${r.nodes}: ${r.reason}`);
}

test('a pod goes where its bound volume is', () => {
  const bed = bedWith((uids) => [
    storageClass(uids, {}),
    volume(uids, 'v', 'z1', { claim: 'default/data' }),
    claim(uids, 'data', 'v'),
  ]);
  const pod = bed.create(podOf(bed.uids, 'p', using('data')));
  bed.to(1);
  assert.equal(bed.nodeOf('p'), 'n1');
  assert.deepEqual(reasonsOf(bed, pod.meta.uid), [
    'VolumeBinding 2: node(s) had volume node affinity conflict',
  ]);
});

test('a claim that waits for its consumer names the node, and the pod waits for the volume', () => {
  const bed = bedWith((uids) => [storageClass(uids, {}), claim(uids, 'data')]);
  bed.create(podOf(bed.uids, 'p', using('data')));
  bed.to(3);
  const path = 'default/data';
  const selected = bed.endpoint.store.get<PersistentVolumeClaim>('persistentvolumeclaims', path);
  assert.match(selected?.selectedNode ?? '', /^n[012]$/);
  assert.equal(bed.nodeOf('p'), '');
  bed.patch<PersistentVolumeClaim>('persistentvolumeclaims', path, (c) => ({
    ...c,
    resourceVersion: 0,
    spec: { ...c.spec, volumeName: 'made' },
    phase: 'Bound',
  }));
  bed.to(4.5);
  assert.equal(bed.nodeOf('p'), selected?.selectedNode);
});

test('of volumes that exist the smallest that fits is claimed, each once', () => {
  const bed = bedWith((uids) => [
    storageClass(uids, { provisioner: 'kubernetes.io/no-provisioner' }),
    volume(uids, 'large', 'z0', { bytes: 9 * GI }),
    volume(uids, 'right', 'z0', { bytes: 2 * GI }),
    volume(uids, 'small', 'z0', { bytes: GI / 2 }),
    claim(uids, 'a'),
    claim(uids, 'b'),
    claim(uids, 'c'),
  ]);
  for (const name of ['a', 'b', 'c']) bed.create(podOf(bed.uids, name, using(name)));
  bed.to(3);
  const claims = bed.endpoint.store
    .all<PersistentVolume>('persistentvolumes')
    .map((v) => `${v.meta.name}: ${v.spec.claim}`);
  assert.deepEqual(claims, ['large: default/b', 'right: default/a', 'small: ']);
  const third = bed.pod('c');
  assert.deepEqual(reasonsOf(bed, third?.meta.uid ?? 0), [
    "VolumeBinding 3: node(s) didn't find available persistent volumes to bind",
  ]);
});

test('a claim that should be bound already, or is not there, keeps the pod from every node', () => {
  const bed = bedWith((uids) => [
    storageClass(uids, { bindingMode: 'Immediate' }),
    claim(uids, 'data'),
  ]);
  const a = bed.create(podOf(bed.uids, 'a', using('data')));
  const b = bed.create(podOf(bed.uids, 'b', using('nothing')));
  bed.to(2);
  assert.deepEqual(reasonsOf(bed, a.meta.uid), [
    'VolumeBinding 3: pod has unbound immediate PersistentVolumeClaims',
  ]);
  assert.deepEqual(reasonsOf(bed, b.meta.uid), [
    'VolumeBinding 3: persistentvolumeclaim "nothing" not found',
  ]);
  bed.create(claim(bed.uids, 'nothing', 'v'));
  bed.create(volume(bed.uids, 'v', null, { claim: 'default/nothing' }));
  bed.to(5);
  assert.notEqual(bed.nodeOf('b'), '');
});

test('a node takes no more volumes of a driver than its CSINode says', () => {
  const limits = (uids: Uids, name: string): OpaqueObject => ({
    resource: 'csinodes',
    meta: metaOf(uids, 0, { name }),
    bytes: 600,
    resourceVersion: 0,
    data: { 'csi.example.com': '1' },
  });
  const bed = bedWith((uids) => [
    ...['n0', 'n1', 'n2'].map((name) => limits(uids, name)),
    storageClass(uids, {}),
    ...[0, 1, 2, 3].flatMap((i) => [
      volume(uids, `v${i}`, null, { claim: `default/d${i}` }),
      claim(uids, `d${i}`, `v${i}`),
    ]),
  ]);
  for (const i of [0, 1, 2, 3]) bed.create(podOf(bed.uids, `p${i}`, using(`d${i}`)));
  bed.to(3);
  const used = new Set([0, 1, 2].map((i) => bed.nodeOf(`p${i}`)));
  assert.deepEqual([...used].sort(), ['n0', 'n1', 'n2']);
  assert.equal(bed.nodeOf('p3'), '');
  assert.deepEqual(reasonsOf(bed, bed.pod('p3')?.meta.uid ?? 0), [
    'NodeVolumeLimits 3: node(s) exceed max volume count',
  ]);
});

test('a ReadWriteOncePod claim is for one pod of the cluster', () => {
  const bed = bedWith((uids) => [
    storageClass(uids, {}),
    volume(uids, 'v', null, { claim: 'default/data' }),
    claim(uids, 'data', 'v', { accessMode: 'ReadWriteOncePod' }),
  ]);
  bed.create(podOf(bed.uids, 'first', using('data')));
  bed.to(1);
  bed.create(podOf(bed.uids, 'second', using('data')));
  bed.to(3);
  assert.notEqual(bed.nodeOf('first'), '');
  assert.equal(bed.nodeOf('second'), '');
  bed.delete('pods', 'default/first');
  bed.to(8);
  assert.notEqual(bed.nodeOf('second'), '');
});

test.run();
