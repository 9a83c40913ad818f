/**
 * Service times that a scenario's nodes have unless it says otherwise. Together with the kubelet's
 * own waits (volumes polled every 300 ms, containers seen by a relist every second) they make a pod
 * on an idle node Ready after about 1.5 s (p50 1472 ms, kube-burner#200).
 *
 * Evidence: CRI create and start of containerd 1.x 0.78 s (0.61 to 4.5) and 0.17 s
 * (ctr-powertest#3, 2018); CNI alone 1.5 s on a laptop (containerd#6111), 4.8 s of 7.5 s under load
 * (kubernetes#66672). Sandboxes of today's runtimes are not published: estimates, fitted to the
 * 1.5 s in sum.
 */
import type { DistributionSpec } from '../../src/dist/index.ts';

export interface RuntimeDefault {
  readonly distribution: DistributionSpec;
  readonly source: string;
}

const MS = 1e6;

export const runtimeDefaults = {
  /** RunPodSandbox without its network. */
  sandbox: {
    distribution: { kind: 'lognormal', p50: 200 * MS, p99: 600 * MS },
    source: 'estimate; sandbox with CNI 0.2 to 1 s on idle nodes',
  },
  /** CNI ADD. */
  cni: {
    distribution: { kind: 'lognormal', p50: 140 * MS, p99: 500 * MS },
    source: 'estimate; containerd#6111 has 1.5 s on a laptop, kubernetes#66672 4.8 s under load',
  },
  /** CreateContainer. */
  create: {
    distribution: { kind: 'lognormal', p50: 110 * MS, p99: 400 * MS },
    source: 'estimate; containerd 1.x of 2018 took 0.78 s with its sandbox (ctr-powertest#3)',
  },
  /** StartContainer. */
  start: {
    distribution: { kind: 'lognormal', p50: 75 * MS, p99: 250 * MS },
    source: 'ctr-powertest#3: 0.17 s (2018), halved',
  },
  /** StopContainer, apart from the time that the process itself takes. */
  stop: {
    distribution: { kind: 'lognormal', p50: 120 * MS, p99: 500 * MS },
    source: 'ctr-powertest#3: 0.12 s',
  },
  /** One request to a registry. */
  registryLatency: {
    distribution: { kind: 'lognormal', p50: 60 * MS, p99: 600 * MS },
    source: 'estimate; 28.9 MB in 2.1 s from a public registry (ipcs#8)',
  },
} as const satisfies Record<string, RuntimeDefault>;

/** Bytes a second, compressed. */
export const bandwidthDefaults = {
  /** containerd#8160: 25 MB/s a layer from a public registry, 130 MB/s from a local cache. */
  layerBytesPerSecond: 25_000_000,
  /** A gigabit. */
  nodeBytesPerSecond: 125_000_000,
  registryBytesPerSecond: Number.POSITIVE_INFINITY,
  /** containerd#13559: 2.7 GiB inflated in 30 s, by one core. */
  unpackBytesPerSecond: 94_000_000,
} as const;
