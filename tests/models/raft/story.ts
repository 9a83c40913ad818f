/**
 * Stories: commands to a raft group and what it does, line by line, in the manner of etcd-io/raft
 * v3.6.0 rafttest/interaction_env.go. A block is a command, `----`, its output, an empty line.
 */
import * as assert from 'node:assert';
import {
  type ConfChangeKind,
  idsOf,
  type Message,
  type Raft,
} from '../../../models/etcd/raft/index.ts';
import { Cluster, entryText, type Member } from './cluster.ts';

interface Command {
  readonly name: string;
  readonly positional: readonly string[];
  readonly named: ReadonlyMap<string, string>;
  readonly id: number;
  readonly argument: string;
}

export function parseCommand(line: string): Command {
  const [name, ...rest] = line.trim().split(/\s+/);
  const positional: string[] = [];
  const named = new Map<string, string>();
  for (const word of rest) {
    const at = word.indexOf('=');
    if (at < 0) positional.push(word);
    else named.set(word.slice(0, at), word.slice(at + 1));
  }
  const [id, argument = ''] = positional;
  return { name, positional, named, id: Number(id), argument };
}

/** Runs a story's text; returns it with the output that was observed. */
export function runStory(text: string): string {
  const story = new Story();
  const out: string[] = [];
  const lines = text.split('\n');
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i];
    out.push(line);
    if (line.trim() === '' || line.startsWith('#')) continue;
    while (i + 1 < lines.length && lines[i + 1].trim() !== '') i++; // the output of last time
    out.push('----', ...story.run(parseCommand(line)));
  }
  return out.join('\n');
}

class Story {
  private cluster: Cluster | null = null;
  private lines: string[] = [];
  private readonly seen = new Map<number, string>();
  private readonly draws = new Map<number, number[]>();
  private readonly cut = new Set<number>();

  run(command: Command): string[] {
    this.lines = [];
    const action = this.commands[command.name];
    assert.ok(action, `unknown command ${command.name}`);
    action(command);
    if (this.cluster) this.reportRoles();
    this.cluster?.check();
    this.cluster?.checkLogs();
    return this.lines.length > 0 ? this.lines : ['ok'];
  }

  private get group(): Cluster {
    assert.ok(this.cluster, 'a story begins with add-nodes');
    return this.cluster;
  }

  /** What each command does; `c.id` and `c.argument` are its first two words. */
  private readonly commands: Record<string, (c: Command) => void> = {
    'add-nodes': (c) => this.addNodes(c),
    'add-joining': (c) => {
      this.group.add(c.id);
    },
    draws: (c) => {
      this.draws.set(c.id, c.argument.split(',').map(Number));
    },
    campaign: (c) => this.raft(c).campaign(),
    tick: (c) => {
      for (let i = 0; i < Number(c.argument); i++) this.raft(c).tick();
    },
    propose: (c) => {
      const size = Number(c.named.get('size') ?? 10);
      this.say(this.raft(c).propose(Number(c.argument), size));
    },
    'propose-conf-change': (c) => {
      const [kind, node] = [...c.named][0];
      this.say(this.raft(c).proposeConfChange(kind as ConfChangeKind, Number(node), 10));
    },
    'read-index': (c) => this.raft(c).readIndex(Number(c.argument)),
    'transfer-leadership': (c) => this.raft(c).transferLeader(Number(c.argument)),
    'report-unreachable': (c) => this.raft(c).reportUnreachable(Number(c.argument)),
    'report-snapshot': (c) => {
      this.raft(c).reportSnapshot(Number(c.argument), c.positional[2] === 'ok');
    },
    compact: (c) => this.raft(c).compact(Number(c.argument)),
    'process-ready': (c) => this.turn(this.group.member(c.id)),
    // Takes a Ready and gets stuck in its sync, until end-ready.
    'begin-ready': (c) => this.begin(this.group.member(c.id)),
    'end-ready': (c) => this.end(this.group.member(c.id)),
    'deliver-msgs': (c) => this.deliver(c.positional.map(Number), c.named),
    'drop-msgs': (c) => this.dropMessages(c.positional.map(Number), c.named),
    // Loses everything in flight.
    discard: () => {
      while (this.group.inFlight.length > 0) this.group.drop(0);
    },
    stabilize: (c) => this.stabilize(c.positional.map(Number)),
    // Stabilizes and says nothing but who changed its role.
    settle: (c) => {
      this.stabilize(c.positional.map(Number));
      this.lines = this.lines.filter((line) => line.startsWith('INFO'));
    },
    isolate: (c) => {
      for (const id of c.positional) this.cut.add(Number(id));
    },
    heal: () => this.cut.clear(),
    crash: (c) => this.group.crash(this.group.member(c.id)),
    restart: (c) => this.restart(this.group.member(c.id)),
    status: (c) => this.status(this.raft(c)),
    'raft-log': (c) => this.printLog(this.raft(c)),
    'raft-state': () => {
      for (const member of this.group.members) this.say(this.roleLine(member));
    },
  };

  private raft(c: Command): Raft {
    return this.group.member(c.id).raft;
  }

  private addNodes(c: Command): void {
    const ids = Array.from({ length: c.id }, (_, i) => i + 1);
    const learners = (c.named.get('learners') ?? '').split(',').filter(Boolean).map(Number);
    const number = (name: string, otherwise: number) => Number(c.named.get(name) ?? otherwise);
    const flag = (name: string) => c.named.get(name) === 'true';
    this.cluster = new Cluster({
      voters: ids.filter((id) => !learners.includes(id)),
      learners,
      preVote: flag('pre-vote'),
      checkQuorum: flag('check-quorum'),
      selfAck: c.named.get('self-ack') === 'append' ? 'append' : 'persist',
      electionTicks: number('election', 10),
      maxInflight: number('inflight', 512),
      maxMessageBytes: number('max-bytes', 1 << 20),
      draw: (id) => this.draws.get(id)?.shift() ?? 0,
    });
    for (const member of this.group.members) this.seen.set(member.id, roleText(member.raft));
  }

  private restart(member: Member): void {
    this.group.restart(member);
    this.say(`${member.id} restarts: ${roleText(member.raft)}, last ${member.raft.lastIndex}`);
  }

  // --- Turns ------------------------------------------------------------------------------------

  private turn(member: Member): void {
    if (!member.raft.hasReady()) {
      this.say(`${member.id} has nothing to do`);
      return;
    }
    this.begin(member);
    this.end(member);
  }

  private begin(member: Member): void {
    this.group.onMessage = (m) => this.say(`  ${messageText(m)}`);
    this.reportRoles();
    this.say(`> ${member.id} handles a Ready`);
    this.group.begin(member);
    this.readyLines(member);
  }

  private readyLines(member: Member): void {
    const { out, raft } = member;
    if (out.softStateChanged) this.say(`  role ${out.state} lead ${out.lead}`);
    if (out.hardStateChanged) {
      this.say(`  hard state term ${out.term} vote ${out.vote} commit ${out.commit}`);
    }
    if (out.snapshotIndex > 0) this.say(`  snapshot ${out.snapshotTerm}/${out.snapshotIndex}`);
    const entries = (from: number, to: number) =>
      Array.from({ length: to - from + 1 }, (_, i) => from + i)
        .map((at) => entryText(at, raft.log.term(at), raft.log.proposal(at)))
        .join(', ');
    if (out.entryCount > 0) this.say(`  persist ${entries(out.entriesFrom, out.entriesTo)}`);
    if (out.committedCount > 0) this.say(`  apply ${entries(out.committedFrom, out.committedTo)}`);
    for (let i = 0; i < out.readCount; i++) {
      this.say(`  read ${out.readIds[i]} at ${out.readIndexes[i]}`);
    }
    this.say(`  ${out.mustSync ? 'sync' : 'no sync'}`);
  }

  private end(member: Member): void {
    this.group.end(member);
    this.reportRoles();
  }

  private stabilize(only: readonly number[]): void {
    const members = this.group.members.filter((m) => only.length === 0 || only.includes(m.id));
    for (let busy = true; busy; ) {
      busy = false;
      for (const member of members) {
        if (!member.up || member.busy || !member.raft.hasReady()) continue;
        busy = true;
        this.turn(member);
      }
      for (const member of members) {
        if (!this.group.inFlight.some((m) => m.to === member.id)) continue;
        busy = true;
        this.deliver([member.id], new Map());
      }
    }
  }

  private deliver(to: readonly number[], only: ReadonlyMap<string, string>): void {
    for (const id of to) {
      this.say(`> ${id} receives`);
      for (let at = this.next(id, only); at >= 0; at = this.next(id, only)) {
        const message = this.group.inFlight[at];
        const lost = this.cut.has(message.to) !== this.cut.has(message.from);
        const down = !this.group.members.some((m) => m.id === id && m.up);
        this.say(`  ${messageText(message)}${lost || down ? ' (lost)' : ''}`);
        if (lost) this.group.drop(at);
        else this.group.deliver(at);
      }
      this.reportRoles();
    }
  }

  private dropMessages(to: readonly number[], only: ReadonlyMap<string, string>): void {
    for (const id of to) {
      for (let at = this.next(id, only); at >= 0; at = this.next(id, only)) {
        this.say(`dropped ${messageText(this.group.inFlight[at])}`);
        this.group.drop(at);
      }
    }
  }

  private next(to: number, only: ReadonlyMap<string, string>): number {
    const type = only.get('type');
    const from = only.get('from');
    return this.group.inFlight.findIndex(
      (m) =>
        m.to === to &&
        (type === undefined || m.type === type) &&
        (from === undefined || m.from === Number(from)),
    );
  }

  // --- What it says -----------------------------------------------------------------------------

  private say(line: string): void {
    this.lines.push(line);
  }

  private reportRoles(): void {
    for (const member of this.group.members) {
      if (!member.up) continue;
      const text = roleText(member.raft);
      if (this.seen.get(member.id) === text) continue;
      this.seen.set(member.id, text);
      this.say(`INFO ${member.id} is now ${text}`);
    }
  }

  private roleLine(member: Member): string {
    const { raft } = member;
    if (!member.up) return `${member.id}: down`;
    return `${member.id}: ${roleText(raft)}, lead ${raft.lead}, committed ${raft.committed}, last ${raft.lastIndex}`;
  }

  private status(raft: Raft): void {
    for (const id of idsOf(raft.voters | raft.learners)) {
      const p = raft.progressOf(id)!;
      const marks = [
        p.learner ? ' learner' : '',
        p.paused ? ' paused' : '',
        p.pendingSnapshot > 0 ? ` pendingSnapshot ${p.pendingSnapshot}` : '',
        p.recentActive ? '' : ' inactive',
        p.inflights.count > 0 ? ` inflight ${p.inflights.count}` : '',
        p.inflights.full ? ' full' : '',
      ];
      this.say(`${id}: ${p.state} match ${p.match} next ${p.next}${marks.join('')}`);
    }
  }

  private printLog(raft: Raft): void {
    const { log } = raft;
    this.say(`first ${log.firstIndex}, committed ${raft.committed}, stable ${log.stable}`);
    for (let index = log.firstIndex; index <= log.lastIndex; index++) {
      this.say(entryText(index, log.term(index), log.proposal(index)));
    }
  }
}

function roleText(raft: Raft): string {
  return `${raft.state} at term ${raft.term}`;
}

function messageText(m: Message): string {
  const head = `${m.from}->${m.to} ${m.type} term ${m.term}`;
  const entries = Array.from({ length: m.entries.count }, (_, i) =>
    entryText(m.index + 1 + i, m.entries.terms[i], m.entries.proposals[i]),
  ).join(', ');
  const many = m.messageCount > 1 ? ` (${m.messageCount} messages)` : '';
  switch (m.type) {
    case 'app':
      return `${head} after ${m.logTerm}/${m.index} commit ${m.commit} [${entries}]${many}`;
    case 'appResp':
      if (!m.reject) return `${head} index ${m.index}`;
      return `${head} rejects ${m.index}, hint ${m.logTerm}/${m.rejectHint}`;
    case 'vote':
    case 'preVote':
      return `${head} log ${m.logTerm}/${m.index}${m.force ? ' (transfer)' : ''}`;
    case 'voteResp':
    case 'preVoteResp':
      return `${head} ${m.reject ? 'rejected' : 'granted'}`;
    case 'heartbeat':
      return `${head} commit ${m.commit}${m.context > 0 ? ` read #${m.context}` : ''}`;
    case 'heartbeatResp':
      return `${head}${m.context > 0 ? ` read #${m.context}` : ''}`;
    case 'snap':
      return `${head} snapshot ${m.logTerm}/${m.index} voters ${idsOf(m.voters).join(',')}`;
    case 'prop':
      return `${m.from}->${m.to} prop [${[...m.entries.proposals.slice(0, m.entries.count)].map((p) => `p${p}`).join(', ')}]${many}`;
    case 'readIndex':
      return `${m.from}->${m.to} readIndex ${m.context}`;
    case 'readIndexResp':
      return `${head} read ${m.context} at ${m.index}`;
    case 'timeoutNow':
    case 'transferLeader':
      return head;
  }
}
