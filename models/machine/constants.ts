/** Costs and limits of machines that a scenario can override by name. */
import type { ConstantEntry } from '../../src/core/index.ts';

export const machineConstants: readonly ConstantEntry[] = [
  {
    name: 'machine.wakeupNs',
    value: 5_000,
    unit: 'ns',
    low: 1_000,
    high: 50_000,
    mark: 'estimate',
    source:
      'time from futex wake to the first instruction on an idle core: interrupt and context switch' +
      ' 1-3 us, plus the exit latency of C1/C1E (2-10 us in intel_idle.c); a guest that halts adds a VM exit',
  },
  {
    name: 'machine.cfsPeriodNs',
    value: 100_000_000,
    unit: 'ns',
    low: 10_000_000,
    high: 100_000_000,
    mark: 'docs',
    source:
      'Linux Documentation/scheduler/sched-bwc.rst: cpu.cfs_period_us defaults to 100 ms; kubelet --cpu-cfs-quota-period 100ms',
  },
  {
    name: 'machine.goPreemptNs',
    value: 10_000_000,
    unit: 'ns',
    low: 1_000_000,
    high: 100_000_000,
    mark: 'code',
    source:
      'Go src/runtime/proc.go: forcePreemptNS = 10 ms; sysmon (retake) preempts a goroutine that has run so long, and' +
      ' goschedImpl puts it at the tail of the global run queue',
  },
  {
    name: 'machine.ioBytesPerOperation',
    value: 262_144,
    unit: 'bytes',
    low: 16_384,
    high: 1_048_576,
    mark: 'docs',
    source:
      'Amazon EBS user guide, "Amazon EBS I/O characteristics": an I/O of an SSD volume counts in units of 256 KiB',
  },
  {
    name: 'machine.diskQueueBytes',
    value: 1_048_576,
    unit: 'bytes',
    low: 131_072,
    high: 8_388_608,
    mark: 'estimate',
    source:
      'bytes of another writer already handed to the device that a new request cannot pass; block layer requests are' +
      ' up to max_sectors_kb = 1280 KiB (Linux Documentation/ABI/stable/sysfs-block)',
  },
  {
    name: 'machine.diskReadNs',
    value: 100_000,
    unit: 'ns',
    low: 20_000,
    high: 10_000_000,
    mark: 'estimate',
    source:
      'latency of one random read of a flash device or cloud SSD volume at idle; an HDD seeks 5-10 ms',
  },
  {
    name: 'machine.ntpStepThresholdNs',
    value: 128_000_000,
    unit: 'ns',
    low: 100_000_000,
    high: 1_000_000_000,
    mark: 'docs',
    source:
      'ntpd(8), tinker step: offsets above 0.128 s are stepped; chrony.conf examples use makestep 1 3',
  },
  {
    name: 'machine.evictionMemoryBytes',
    value: 104_857_600,
    unit: 'bytes',
    low: 0,
    high: 1_073_741_824,
    mark: 'docs',
    source: 'Kubernetes, Node-pressure Eviction: default hard threshold memory.available < 100Mi',
  },
];
