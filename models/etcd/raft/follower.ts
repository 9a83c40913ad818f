/**
 * What followers and candidates do: campaigns, votes, the log that a leader sends.
 * Source: etcd-io/raft v3.6.0 raft.go `campaign`, `stepFollower`, `stepCandidate`,
 * `handleAppendEntries`, `handleHeartbeat`.
 */
import { isConfChange } from './conf-change.ts';
import type { RaftCore } from './core.ts';
import { startLeading, takeOffice } from './leader.ts';
import type { Message } from './message.ts';

export type Campaign = 'preElection' | 'election' | 'transfer';

/** Campaigns, if this member may (raft.go `hup`). */
export function startCampaign(r: RaftCore, campaign: Campaign): void {
  if (r.state === 'leader' || !r.promotable || hasUnappliedConfChange(r)) return;
  runCampaign(r, campaign);
}

function hasUnappliedConfChange(r: RaftCore): boolean {
  for (let index = r.applied + 1; index <= r.committed; index++) {
    if (isConfChange(r.log.proposal(index))) return true;
  }
  return false;
}

function runCampaign(r: RaftCore, campaign: Campaign): void {
  const preVote = campaign === 'preElection';
  if (preVote) r.becomePreCandidate();
  else r.becomeCandidate();
  const term = preVote ? r.term + 1 : r.term; // pre-votes ask about the term that would follow
  if (r.legacy) {
    if (r.recordVote(r.id, true) === 'won') {
      // Alone among voters, raft <= 3.5 tells learners with its next message only.
      if (preVote) runCampaign(r, 'election');
      else takeOffice(r);
      return;
    }
  } else {
    r.selfVote = preVote ? 'preVote' : 'vote'; // counts at advance, once it is on disk
    r.selfVoteTerm = term;
  }
  for (const id of r.memberIds) {
    if (id === r.id || (r.voters & (1 << id)) === 0) continue;
    const message = r.send(preVote ? 'preVote' : 'vote', id);
    message.term = term;
    message.index = r.log.lastIndex;
    message.logTerm = r.log.lastTerm;
    message.force = campaign === 'transfer';
  }
}

function winElection(r: RaftCore): void {
  if (r.state === 'preCandidate') runCampaign(r, 'election');
  else startLeading(r);
}

export function handleVoteResponse(r: RaftCore, from: number, granted: boolean): void {
  const result = r.recordVote(from, granted);
  if (result === 'won') winElection(r);
  // A pre-candidate's answers carry a future term: it stays in its own.
  else if (result === 'lost') r.becomeFollower(r.term, 0);
}

/** MsgVote, MsgPreVote: any role. */
export function handleVoteRequest(r: RaftCore, m: Message): void {
  const preVote = m.type === 'preVote';
  const canVote =
    r.vote === m.from || (r.vote === 0 && r.lead === 0) || (preVote && m.term > r.term);
  const response = preVote ? 'preVoteResp' : 'voteResp';
  if (canVote && isUpToDate(r, m.logTerm, m.index)) {
    // The request's term: a pre-candidate would ignore an answer in an older one.
    r.sendVoteResponse(response, m.from, m.term);
    if (preVote) return;
    r.electionElapsed = 0;
    r.vote = m.from;
  } else {
    r.sendVoteResponse(response, m.from, r.term).reject = true;
  }
}

function isUpToDate(r: RaftCore, logTerm: number, index: number): boolean {
  const lastTerm = r.log.lastTerm;
  return logTerm > lastTerm || (logTerm === lastTerm && index >= r.log.lastIndex);
}

/** The vote lease: this member hears a leader and ignores votes, unless one is forced. */
export function inLease(r: RaftCore): boolean {
  return r.options.checkQuorum && r.lead !== 0 && r.electionElapsed < r.options.electionTicks;
}

export function stepCandidate(r: RaftCore, m: Message): void {
  const own = r.state === 'preCandidate' ? 'preVoteResp' : 'voteResp';
  if (m.type === 'app' || m.type === 'heartbeat' || m.type === 'snap') {
    r.becomeFollower(m.term, m.from);
    handleLeaderMessage(r, m);
  } else if (m.type === own) {
    handleVoteResponse(r, m.from, !m.reject);
  }
}

export function stepFollower(r: RaftCore, m: Message): void {
  switch (m.type) {
    case 'app':
    case 'heartbeat':
    case 'snap':
      r.electionElapsed = 0;
      r.lead = m.from;
      handleLeaderMessage(r, m);
      break;
    case 'prop':
      for (let i = 0; i < m.entries.count; i++) {
        forwardProposal(r, m.entries.proposals[i], m.entries.sizes[i]);
      }
      break;
    case 'readIndex':
      forwardReadIndex(r, m.context, m.from);
      break;
    case 'readIndexResp':
      r.pushReadState(m.context, m.index);
      break;
    case 'transferLeader':
      if (r.lead !== 0) r.send('transferLeader', r.lead).from = m.from;
      break;
    case 'timeoutNow':
      startCampaign(r, 'transfer'); // never a pre-vote: nobody was cut off
      break;
    default:
      break;
  }
}

function handleLeaderMessage(r: RaftCore, m: Message): void {
  if (m.type === 'app') handleAppend(r, m);
  else if (m.type === 'snap') handleSnapshot(r, m);
  else handleHeartbeat(r, m);
}

function handleHeartbeat(r: RaftCore, m: Message): void {
  r.commitTo(m.commit);
  r.send('heartbeatResp', m.from).context = m.context;
}

function handleAppend(r: RaftCore, m: Message): void {
  if (m.index < r.committed) {
    r.sendAnswer(m.from, r.committed);
    return;
  }
  if (r.log.term(m.index) === m.logTerm) {
    const last = m.index + m.entries.count;
    r.log.merge(m.index, m.entries, r.committed);
    r.commitTo(Math.min(m.commit, last));
    r.sendAnswer(m.from, last);
    return;
  }
  // A guess at the last entry in common: ours of at most that term, at or before that index.
  const hint = r.log.findConflictByTerm(Math.min(m.index, r.log.lastIndex), m.logTerm);
  const answer = r.sendAnswer(m.from, m.index);
  answer.reject = true;
  answer.rejectHint = hint;
  answer.logTerm = Math.max(0, r.log.term(hint));
}

function handleSnapshot(r: RaftCore, m: Message): void {
  const restored = r.restore(m.index, m.logTerm, m.voters, m.learners);
  r.sendAnswer(m.from, restored ? r.log.lastIndex : r.committed);
}

/** One MsgProp each in etcd; those of one Ready share a record. */
export function forwardProposal(r: RaftCore, proposal: number, bytes: number): boolean {
  if (r.lead === 0) return false;
  r.forwardedProposals(r.lead).push(proposal, bytes, 0);
  return true;
}

export function forwardReadIndex(r: RaftCore, readId: number, origin: number): void {
  if (r.lead === 0) return;
  const message = r.send('readIndex', r.lead);
  message.from = origin;
  message.context = readId;
  message.term = 0;
}
