/** Machines: cores, memory, disks, clocks. */
export { beforeCuts } from './before-cuts.ts';
export { Clock } from './clock.ts';
export { machineConstants } from './constants.ts';
export { Cpu, type CpuOptions, type ProcessId, type ProcessOptions } from './cpu.ts';
export { Credentials, type Validity } from './credentials.ts';
export { Disk } from './disk.ts';
export { Host, type HostState } from './host.ts';
export { Memory, type MemoryId, type MemoryProcessOptions } from './memory.ts';
export { WallTimer } from './wall-timer.ts';
