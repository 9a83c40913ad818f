/**
 * ReadIndex requests that wait for a quorum of heartbeat responses, on the leader.
 *
 * Source: etcd-io/raft v3.6.0 read_only.go (ReadOnlySafe, the only mode that etcd sets). The
 * heartbeat's context is a sequence number of the leader instead of the request's own bytes; a
 * response confirms its own request and every earlier one.
 */
export class ReadOnlyQueue {
  count = 0;
  /** Sequence of the newest request; 0 when none waits (etcd: lastPendingRequestCtx). */
  get last(): number {
    return this.count === 0 ? 0 : this.sequence;
  }

  private sequence = 0;
  private readonly readIds: number[] = [];
  private readonly origins: number[] = [];
  private readonly indexes: number[] = [];
  private readonly acks: number[] = [];

  /** Adds a request at this commit index; the same request twice is one (addRequest). */
  add(readId: number, origin: number, commit: number, ackSet: number): number {
    for (let i = 0; i < this.count; i++) {
      if (this.readIds[i] === readId && this.origins[i] === origin) return this.first + i;
    }
    this.readIds[this.count] = readId;
    this.origins[this.count] = origin;
    this.indexes[this.count] = commit;
    this.acks[this.count] = ackSet;
    this.count++;
    return ++this.sequence;
  }

  /** Records an acknowledgement; the set of members that acknowledged, 0 if it is not waiting. */
  acknowledge(sequence: number, id: number): number {
    const at = sequence - this.first;
    if (at < 0 || at >= this.count) return 0;
    this.acks[at] |= 1 << id;
    return this.acks[at];
  }

  /** How many requests are answered when this sequence is confirmed; they are the oldest ones. */
  through(sequence: number): number {
    return sequence - this.first + 1;
  }

  readId(at: number): number {
    return this.readIds[at];
  }

  origin(at: number): number {
    return this.origins[at];
  }

  index(at: number): number {
    return this.indexes[at];
  }

  drop(n: number): void {
    for (let i = n; i < this.count; i++) {
      this.readIds[i - n] = this.readIds[i];
      this.origins[i - n] = this.origins[i];
      this.indexes[i - n] = this.indexes[i];
      this.acks[i - n] = this.acks[i];
    }
    this.count -= n;
  }

  /** Forgets all requests. Sequences go on, so that late responses match nothing. */
  clear(): void {
    this.count = 0;
  }

  private get first(): number {
    return this.sequence - this.count + 1;
  }
}
