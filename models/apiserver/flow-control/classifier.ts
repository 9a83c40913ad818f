/**
 * Which flow schema a request falls under, and which queues its flow may use (kubernetes/apiserver
 * pkg/util/flowcontrol rule.go, formatting of flow distinguishers in apf_controller.go).
 *
 * A user's schemas and hands are found once and kept: a server has few users, each asks often.
 */
import type { ApiCall, User } from '../../objects/index.ts';
import { type FlowSchema, namespaceOf, type PriorityLevel } from './bootstrap.ts';
import { dealHand } from './dealer.ts';

/** Requests that are treated alike. */
export interface Flow {
  readonly schema: number;
  readonly level: number;
  /** null where the level has no queues. */
  readonly hand: readonly number[] | null;
}

/** A schema that matches a user, with its flows. */
interface Candidate {
  readonly schema: FlowSchema;
  readonly index: number;
  readonly level: number;
  /** Of distinguisher namespace: by namespace. */
  readonly byNamespace: Map<string, Flow> | null;
  readonly flow: Flow;
}

/** What is known of one user. */
export interface KnownUser {
  readonly candidates: readonly Candidate[];
  /** By kind of request; undefined not asked yet, null where it depends on more than the kind. */
  readonly byKind: (Flow | null | undefined)[];
}

/** Where a user's next request is likely to come from: it keeps what was found last. */
export interface Speaker {
  user: User | null;
  flows: KnownUser | null;
  /** Kind that `flow` is of, where it depends on the kind alone; -1 none. */
  kind: number;
  flow: Flow | null;
}

export class Classifier {
  readonly #schemas: readonly FlowSchema[];
  readonly #levels: readonly PriorityLevel[];
  readonly #users = new Map<string, KnownUser>();
  readonly #namespaces: (Map<string, Flow> | null)[];

  /** `schemas` in the order of precedence; the last one matches whatever comes. */
  constructor(schemas: readonly FlowSchema[], levels: readonly PriorityLevel[]) {
    this.#schemas = schemas;
    this.#levels = levels;
    this.#namespaces = schemas.map((s) => (s.distinguisher === 'namespace' ? new Map() : null));
  }

  /** `kind`: a small number of its verb, resource and subresource. */
  classify(user: User, call: ApiCall, kind: number, speaker: Speaker | null = null): Flow {
    if (speaker === null) return this.#classify(this.#known(user), call, kind);
    const isSame = speaker.user === user;
    if (isSame && speaker.kind === kind && speaker.flow !== null) return speaker.flow;
    const known = isSame && speaker.flows !== null ? speaker.flows : this.#known(user);
    const flow = this.#classify(known, call, kind);
    speaker.user = user;
    speaker.flows = known;
    speaker.kind = known.byKind[kind] === flow ? kind : -1;
    speaker.flow = flow;
    return flow;
  }

  #classify(known: KnownUser, call: ApiCall, kind: number): Flow {
    const flow = known.byKind[kind];
    if (flow !== undefined && flow !== null) return flow;
    return this.#find(known, call, kind, flow === undefined);
  }

  #known(user: User): KnownUser {
    let known = this.#users.get(user.name);
    if (known === undefined) {
      known = { candidates: this.#candidates(user), byKind: [] };
      this.#users.set(user.name, known);
    }
    return known;
  }

  #find(known: KnownUser, call: ApiCall, kind: number, isNew: boolean): Flow {
    let depends = false;
    for (const candidate of known.candidates) {
      const { schema } = candidate;
      if (schema.looksAtNamespace) depends ||= call.resource !== 'leases';
      if (!schema.matchesCall(call)) continue;
      if (candidate.byNamespace !== null) {
        if (isNew) known.byKind[kind] = null;
        return this.#ofNamespace(candidate, namespaceOf(call));
      }
      if (isNew) known.byKind[kind] = depends ? null : candidate.flow;
      return candidate.flow;
    }
    throw new Error('the last flow schema matches every call');
  }

  #candidates(user: User): Candidate[] {
    const found: Candidate[] = [];
    this.#schemas.forEach((schema, index) => {
      if (!schema.matchesUser(user)) return;
      const level = this.#levels.findIndex((l) => l.name === schema.level);
      if (level < 0) return;
      const distinguisher = schema.distinguisher === 'user' ? user.name : '';
      const flow = this.#flow(schema, index, level, distinguisher);
      found.push({ schema, index, level, byNamespace: this.#namespaces[index], flow });
    });
    return found;
  }

  #ofNamespace(candidate: Candidate, namespace: string): Flow {
    const flows = candidate.byNamespace!;
    let flow = flows.get(namespace);
    if (flow === undefined) {
      flow = this.#flow(candidate.schema, candidate.index, candidate.level, namespace);
      flows.set(namespace, flow);
    }
    return flow;
  }

  #flow(schema: FlowSchema, index: number, level: number, distinguisher: string): Flow {
    const { queues, handSize } = this.#levels[level];
    const text = `${schema.name},${distinguisher}`;
    const hand = queues > 0 ? dealHand(text, queues, handSize) : null;
    return { schema: index, level, hand };
  }
}
