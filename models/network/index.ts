/** The network between hosts: connections, partitions, delays, loss. */
export { Connection, type ConnectionOptions, type DownReason } from './connection.ts';
export { networkConstants } from './constants.ts';
export { Lane, type LaneChange } from './lane.ts';
export {
  type DisturbanceId,
  type HostId,
  Network,
  type NetworkHost,
  type PartitionId,
  type PartitionMode,
} from './network.ts';
