/**
 * What a leader does: replication, its commit index, reads, transfers.
 * Source: etcd-io/raft v3.6.0 raft.go `stepLeader`, `maybeSendAppend`, `maybeSendSnapshot`,
 * `bcastHeartbeatWithCtx`; where `legacy` differs, etcd-io/etcd v3.5 raft/raft.go.
 */
import { isConfChange } from './conf-change.ts';
import { POSTPONED_READS_MAX, type RaftCore } from './core.ts';
import { EMPTY_ENTRY, EMPTY_ENTRY_BYTES, type Message } from './message.ts';
import type { Progress } from './progress.ts';
import { voteResult } from './quorum.ts';

/** Becomes leader, with an empty entry of the new term. */
export function takeOffice(r: RaftCore): void {
  r.becomeLeader();
  appendEntry(r, EMPTY_ENTRY, EMPTY_ENTRY_BYTES);
}

/** Takes office and replicates at once. */
export function startLeading(r: RaftCore): void {
  takeOffice(r);
  broadcastAppend(r);
}

export function proposeAsLeader(r: RaftCore, proposal: number, bytes: number): 'ok' | 'dropped' {
  if (r.progress[r.id] === null || r.transferee !== 0) return 'dropped';
  let entry = proposal;
  let size = bytes;
  if (isConfChange(proposal)) {
    // One at a time: a second one becomes an empty entry and its proposer hears nothing.
    if (r.pendingConfIndex > r.applied) {
      entry = EMPTY_ENTRY;
      size = EMPTY_ENTRY_BYTES;
    } else {
      r.pendingConfIndex = r.log.lastIndex + 1;
    }
  }
  appendEntry(r, entry, size);
  broadcastAppend(r);
  return 'ok';
}

function appendEntry(r: RaftCore, proposal: number, bytes: number): void {
  const index = r.log.append(proposal, bytes, r.term);
  if (!r.legacy) {
    r.selfAckIndex = index; // counts at advance
    return;
  }
  r.progress[r.id]!.maybeUpdate(index);
  r.maybeCommit();
}

/**
 * The leader's own entries up to `index` are on disk. Raft 3.6 acknowledges each of them to itself,
 * so that one that was late for its followers tells them of each commit in a message of its own.
 */
export function acknowledgeSelf(r: RaftCore, index: number): void {
  const own = r.progress[r.id];
  if (own === null) return;
  for (let next = own.match + 1; next <= index; next++) {
    own.maybeUpdate(next);
    if (!r.maybeCommit()) continue;
    releasePostponedReads(r);
    broadcastAppend(r);
  }
}

// --- Replication -------------------------------------------------------------------------------

export function broadcastAppend(r: RaftCore): void {
  for (const id of r.memberIds) if (id !== r.id) maybeSendAppend(r, id, true);
}

export function broadcastHeartbeat(r: RaftCore, context: number): void {
  for (const id of r.memberIds) {
    if (id === r.id) continue;
    const progress = r.progress[id]!;
    const message = r.send('heartbeat', id);
    // The follower may not hold what is committed: never name more than it matches.
    message.commit = Math.min(progress.match, r.committed);
    message.context = context;
    progress.sentCommit = message.commit;
  }
}

function isPaused(r: RaftCore, progress: Progress): boolean {
  if (progress.state === 'snapshot') return true;
  if (progress.state === 'replicate' && r.legacy) return progress.inflights.full;
  return progress.paused;
}

/** Sends a MsgApp with what fits; without entries only if asked to. False: nothing was sent. */
export function maybeSendAppend(r: RaftCore, to: number, evenEmpty: boolean): boolean {
  const progress = r.progress[to]!;
  if (isPaused(r, progress)) return false;
  const log = r.log;
  const previous = progress.next - 1;
  const previousTerm = log.term(previous);
  if (previousTerm < 0) return maybeSendSnapshot(r, to, progress);
  // A throttled follower gets empty messages, so that it is heard of when the others were lost.
  let last = previous;
  if (progress.state !== 'replicate' || !progress.inflights.full) {
    last = log.limit(progress.next, log.lastIndex, r.options.maxMessageBytes);
  }
  if (last === previous && !evenEmpty) return false;
  const message = appMessage(r, to, previous, previousTerm, log.bytes(previous + 1, last));
  log.copy(previous + 1, last, message.entries);
  message.commit = r.committed;
  progress.sentEntries(last - previous);
  progress.sentCommit = r.committed;
  return true;
}

/** A new MsgApp, or the one in the outbox that this one continues, within the size limit. */
function appMessage(
  r: RaftCore,
  to: number,
  previous: number,
  previousTerm: number,
  bytes: number,
) {
  const open = r.openApp[to];
  if (
    open !== null &&
    r.options.coalesce !== false &&
    open.term === r.term &&
    open.index + open.entries.count === previous &&
    open.entries.bytes + bytes <= r.options.maxMessageBytes
  ) {
    open.messageCount++;
    return open;
  }
  const message = r.send('app', to);
  message.index = previous;
  message.logTerm = previousTerm;
  r.openApp[to] = message;
  return message;
}

/**
 * A MsgSnap of the applied state. Raft's own names the latest snapshot in storage; etcd's server
 * sends its current database instead (v3.6 server/etcdserver/snapshot_merge.go
 * `createMergedSnapshotMessage`), and so does this one. The progress keeps raft's index.
 */
function maybeSendSnapshot(r: RaftCore, to: number, progress: Progress): boolean {
  if (!progress.recentActive) return false;
  const message = r.send('snap', to);
  message.index = r.applied;
  message.logTerm = r.log.term(r.applied);
  message.voters = r.voters;
  message.learners = r.learners;
  progress.becomeSnapshot(r.log.snapshotIndex);
  return true;
}

// --- Messages ----------------------------------------------------------------------------------

export function stepLeader(r: RaftCore, m: Message): void {
  if (m.type === 'prop') {
    for (let i = 0; i < m.entries.count; i++) {
      proposeAsLeader(r, m.entries.proposals[i], m.entries.sizes[i]);
    }
    return;
  }
  if (m.type === 'readIndex') {
    readIndexAsLeader(r, m.context, m.from);
    return;
  }
  const progress = r.progress[m.from] ?? null;
  if (progress === null) return;
  if (m.type === 'appResp') {
    progress.recentActive = true;
    if (m.reject) handleRejection(r, m, progress);
    else handleAcknowledgement(r, m, progress);
  } else if (m.type === 'heartbeatResp') {
    handleHeartbeatResponse(r, m, progress);
  } else if (m.type === 'transferLeader') {
    startTransfer(r, m.from);
  }
}

function handleRejection(r: RaftCore, m: Message, progress: Progress): void {
  // Skip what cannot match: all of our entries with a term above the follower's at its hint.
  let hint = m.rejectHint;
  if (m.logTerm > 0) hint = r.log.findConflictByTerm(m.rejectHint, m.logTerm);
  if (!progress.maybeDecreaseTo(m.index, hint)) return;
  if (progress.state === 'replicate') progress.becomeProbe();
  maybeSendAppend(r, m.from, true);
}

function handleAcknowledgement(r: RaftCore, m: Message, progress: Progress): void {
  const wasPaused = isPaused(r, progress);
  const news = progress.maybeUpdate(m.index);
  const probeAnswered = !r.legacy && progress.match === m.index && progress.state === 'probe';
  if (!news && !probeAnswered) return;
  if (progress.state === 'probe') {
    progress.becomeReplicate();
  } else if (progress.state === 'snapshot') {
    if (snapshotIsEnough(r, progress)) {
      progress.becomeProbe();
      progress.becomeReplicate();
    }
  } else {
    progress.inflights.freeTo(m.index);
  }
  if (r.maybeCommit()) {
    releasePostponedReads(r);
    broadcastAppend(r);
  } else if (r.legacy ? wasPaused : progress.canBumpCommit(r.committed)) {
    maybeSendAppend(r, m.from, true);
  }
  // The window may have opened for several messages.
  while (maybeSendAppend(r, m.from, false));
  if (m.from === r.transferee && progress.match === r.log.lastIndex) r.send('timeoutNow', m.from);
}

function snapshotIsEnough(r: RaftCore, progress: Progress): boolean {
  if (r.legacy) return progress.match >= progress.pendingSnapshot;
  return progress.match + 1 >= r.log.firstIndex;
}

function handleHeartbeatResponse(r: RaftCore, m: Message, progress: Progress): void {
  progress.recentActive = true;
  progress.paused = false;
  if (r.legacy && progress.state === 'replicate' && progress.inflights.full) {
    progress.inflights.freeFirst();
  }
  if (progress.match < r.log.lastIndex || (!r.legacy && progress.state === 'probe')) {
    maybeSendAppend(r, m.from, true);
  }
  if (m.context === 0) return;
  const acks = r.reads.acknowledge(m.context, m.from);
  if (acks === 0 || voteResult(r.voters, acks, 0) !== 'won') return;
  const answered = r.reads.through(m.context);
  for (let i = 0; i < answered; i++) {
    answerRead(r, r.reads.readId(i), r.reads.origin(i), r.reads.index(i));
  }
  r.reads.drop(answered);
}

// --- Reads -------------------------------------------------------------------------------------

export function readIndexAsLeader(r: RaftCore, readId: number, origin: number): void {
  if (r.singleton) {
    answerRead(r, readId, origin, r.committed);
  } else if (r.committedInTerm) {
    const sequence = r.reads.add(readId, origin, r.committed, 1 << r.id);
    broadcastHeartbeat(r, sequence);
  } else if (r.postponedReads.length < 2 * POSTPONED_READS_MAX) {
    r.postponedReads.push(readId, origin);
  }
}

function releasePostponedReads(r: RaftCore): void {
  if (r.postponedReads.length === 0 || !r.committedInTerm) return;
  for (let i = 0; i < r.postponedReads.length; i += 2) {
    readIndexAsLeader(r, r.postponedReads[i], r.postponedReads[i + 1]);
  }
  r.postponedReads.length = 0;
}

function answerRead(r: RaftCore, readId: number, origin: number, index: number): void {
  if (origin === r.id) {
    r.pushReadState(readId, index);
    return;
  }
  const message = r.send('readIndexResp', origin);
  message.index = index;
  message.context = readId;
}

// --- Quorum, reports, transfer -------------------------------------------------------------------

/** Steps down unless a majority was heard from since the last check (MsgCheckQuorum). */
export function checkQuorum(r: RaftCore): void {
  let active = 0;
  for (const id of r.memberIds) if (r.progress[id]!.recentActive) active |= 1 << id;
  if (voteResult(r.voters, active, 0) !== 'won') r.becomeFollower(r.term, 0);
  for (const id of r.memberIds) if (id !== r.id) r.progress[id]!.recentActive = false;
}

export function startTransfer(r: RaftCore, to: number): void {
  const progress = r.progress[to] ?? null;
  if (progress === null || progress.learner) return;
  if (r.transferee !== 0) {
    if (r.transferee === to) return;
    r.transferee = 0;
  }
  if (to === r.id) return;
  r.electionElapsed = 0; // it has one election timeout to succeed
  r.transferee = to;
  if (progress.match === r.log.lastIndex) r.send('timeoutNow', to);
  else maybeSendAppend(r, to, true);
}
