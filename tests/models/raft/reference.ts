/**
 * Replays a command list that was also run through the real raft library, and says what our group
 * looks like after each command. The recordings are in tests/testdata/raft-reference; the program
 * that made them, driver.go.txt there, prints the same lines from the library's own state.
 */
import {
  type ConfChangeKind,
  decodeConfChange,
  isConfChange,
  type Message,
  MessagePool,
  Raft,
  type RaftOptions,
  type RaftPersisted,
  Ready,
} from '../../../models/etcd/raft/index.ts';

interface Node {
  readonly id: number;
  raft: Raft;
  readonly out: Ready;
  busy: boolean;
  up: boolean;
  reads: number;
  disk: RaftPersisted | null;
}

const STATES = ['follower', 'candidate', 'leader', 'preCandidate'];
const PROGRESS = ['probe', 'replicate', 'snapshot'];
const KINDS: readonly ConfChangeKind[] = ['addNode', 'removeNode', 'addLearner'];

/** FNV-1a, as six hex digits: what a recording keeps of each line. */
export function shortHash(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return ((hash >>> 0) & 0xffffff).toString(16).padStart(6, '0');
}

export class Replay {
  private readonly pool = new MessagePool();
  private readonly nodes: Node[] = [];
  private readonly links = new Map<string, Message[]>();
  private readonly seeds = new Uint32Array(64);
  private readonly options: Omit<RaftOptions, 'id' | 'random'>;
  private nextRead = 1;

  /**
   * `first` is the recording's first line: new voters joining preVote checkQuorum inflight one
   * seed.
   */
  constructor(first: string, selfAck: 'append' | 'persist') {
    const [voters, joining, preVote, checkQuorum, inflight, one, seed] = first
      .split(' ')
      .slice(1)
      .map(Number);
    for (let i = 0; i < 64; i++) this.seeds[i] = seed + i * 77;
    this.options = {
      voters: Array.from({ length: voters }, (_, i) => i + 1),
      electionTicks: 4,
      heartbeatTicks: 1,
      preVote: preVote === 1,
      checkQuorum: checkQuorum === 1,
      selfAck,
      maxInflight: inflight,
      maxMessageBytes: one === 1 ? 1 : 1 << 20, // 1: one entry at a time
      coalesce: false,
      pool: this.pool,
    };
    for (let id = 1; id <= voters + joining; id++) {
      const raft = new Raft(this.optionsOf(id));
      const out = new Ready();
      this.nodes.push({ id, raft, out, busy: false, up: true, reads: 0, disk: null });
    }
  }

  private optionsOf(id: number): RaftOptions {
    const random = (n: number) => {
      this.seeds[id] = Math.imul(this.seeds[id], 1103515245) + 12345;
      return ((this.seeds[id] >>> 8) & 0xffff) % n;
    };
    return { ...this.options, id, random };
  }

  run(command: string): void {
    const [name, first, second, third] = command.split(' ');
    const a = Number(first);
    const b = Number(second);
    const node = this.nodes[a - 1];
    if (name === 'deliver' || name === 'drop') this.take(a, b, name === 'deliver');
    else if (name === 'crash') this.crash(node);
    else if (name === 'restart') this.restart(node);
    else if (name !== 'begin' && name !== 'end' && name !== 'turn') {
      if (node.up) this.ask(node, name, b, Number(third));
    } else {
      if (name !== 'end') this.begin(node);
      if (name !== 'begin') this.end(node);
    }
  }

  private ask(node: Node, name: string, b: number, c: number): void {
    const { raft } = node;
    const calls: Record<string, () => void> = {
      tick: () => raft.tick(),
      propose: () => raft.propose(b, 20),
      read: () => raft.readIndex(this.nextRead++),
      campaign: () => raft.campaign(),
      transfer: () => raft.transferLeader(b),
      unreachable: () => raft.reportUnreachable(b),
      snapstatus: () => raft.reportSnapshot(b, c !== 0),
      conf: () => raft.proposeConfChange(KINDS[c], b, 20),
      compact: () => {
        const idle = !node.busy && !raft.hasReady();
        if (idle && b <= raft.applied && b >= raft.log.firstIndex) raft.compact(b);
      },
    };
    calls[name]();
  }

  private begin(node: Node): void {
    if (node.busy || !node.up || !node.raft.hasReady()) return;
    node.raft.ready(node.out);
    node.busy = true;
    if (node.raft.state === 'leader') this.send(node);
  }

  private end(node: Node): void {
    if (!node.busy) return;
    const { raft, out } = node;
    raft.persist(out);
    this.send(node);
    for (let index = out.committedFrom; index <= out.committedTo; index++) {
      const proposal = raft.log.proposal(index);
      if (!isConfChange(proposal)) continue;
      const change = decodeConfChange(proposal);
      raft.applyConfChange(change.kind, change.node);
    }
    node.reads += out.readCount;
    node.busy = false;
    raft.advance(out);
  }

  private send(node: Node): void {
    const { raft, out } = node;
    for (let i = 0; i < out.messages.count; i++) {
      const message = out.messages.items[i];
      if (message.type === 'snap') {
        message.index = raft.applied;
        message.logTerm = raft.log.term(raft.applied);
        message.voters = raft.voters;
        message.learners = raft.learners;
      }
      this.link(node.id, message.to).push(message);
    }
    out.messages.clear();
  }

  private link(from: number, to: number): Message[] {
    const key = `${from}>${to}`;
    let link = this.links.get(key);
    if (!link) {
      link = [];
      this.links.set(key, link);
    }
    return link;
  }

  private take(from: number, to: number, deliver: boolean): void {
    const message = this.link(from, to).shift();
    if (!message) return;
    const node = this.nodes[to - 1];
    if (deliver && node.up) node.raft.step(message);
    this.pool.release(message);
  }

  private crash(node: Node): void {
    if (!node.up || node.busy || node.raft.hasReady()) return;
    node.disk = node.raft.crash();
    node.up = false;
  }

  private restart(node: Node): void {
    if (node.up) return;
    node.raft = new Raft(this.optionsOf(node.id), node.disk);
    node.up = true;
  }

  /** All state, in the words of driver.go.txt. */
  describe(): string {
    const nodes = this.nodes.map((node) => `${this.nodeText(node)};`).join('');
    return `${nodes} links ${this.linkText()}`.trimEnd();
  }

  private nodeText(node: Node): string {
    const { id, raft } = node;
    if (!node.up) return `${id} down`;
    const { log } = raft;
    let terms = '';
    for (let index = log.firstIndex; index <= log.lastIndex; index++)
      terms += `${log.term(index)},`;
    const head =
      `${id} s${STATES.indexOf(raft.state)} t${raft.term} v${raft.vote} l${raft.lead}` +
      ` c${raft.committed} a${raft.applied} e${raft.electionElapsed} r${raft.randomizedTimeout}` +
      ` x${raft.transferee} b${Number(node.busy)} reads${node.reads} [${terms}]`;
    return raft.state === 'leader' ? head + this.progressText(raft) : head;
  }

  private progressText(raft: Raft): string {
    let text = '';
    for (const { id } of this.nodes) {
      const p = raft.progressOf(id);
      if (!p) continue;
      const full = this.options.selfAck === 'append' && p.state === 'replicate';
      const paused = p.state === 'snapshot' || (full ? p.inflights.full : p.paused);
      const next = p.state === 'snapshot' ? 0 : p.next; // 3.5 leaves it alone, and it plays no part
      text +=
        `(${id} m${p.match} n${next} ${PROGRESS.indexOf(p.state)} p${Number(paused)}` +
        ` s${p.pendingSnapshot} i${p.inflights.count} act${Number(p.recentActive || id === raft.id)})`;
    }
    return text;
  }

  private linkText(): string {
    let text = '';
    for (const from of this.nodes) {
      for (const to of this.nodes) {
        const link = this.links.get(`${from.id}>${to.id}`) ?? [];
        if (link.length > 0) text += `${from.id}>${to.id}:${link.map(messageText).join('')} `;
      }
    }
    return text;
  }
}

function messageText(m: Message): string {
  const entries = m.type === 'app' ? m.entries.count : 0;
  return `${m.type}/${m.term}/${m.index}/${entries}/${m.commit}/${Number(m.reject)}/${m.rejectHint},`;
}
