/** etcd's raft state machine, without input or output: `Raft` and what it hands over. */
export {
  type ConfChange,
  type ConfChangeKind,
  decodeConfChange,
  encodeConfChange,
  idsOf,
  isConfChange,
  setOf,
} from './conf-change.ts';
export type { RaftOptions, RaftPersisted } from './core.ts';
export { RaftLog } from './log.ts';
export {
  EMPTY_ENTRY,
  EntryBuffer,
  Message,
  MessageList,
  MessagePool,
  type MessageType,
} from './message.ts';
export type { Progress, ProgressState } from './progress.ts';
export { type ProposeResult, Raft } from './raft.ts';
export { type RaftState, Ready } from './ready.ts';
