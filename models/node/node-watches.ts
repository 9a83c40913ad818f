/** What a kubelet does with its watches of pods and of its own node. */

import type { ReflectorSink } from '../client-go/index.ts';
import type { KubeObject, Node, Pod, WatchEvent } from '../objects/index.ts';
import type { PodWorkers } from './pod-workers.ts';

export class PodSink implements ReflectorSink {
  readonly #pods: PodWorkers;
  readonly #member: number;
  /** The next list is what has been running here. */
  #resumed: boolean;

  constructor(pods: PodWorkers, member: number, resumed: boolean) {
    this.#pods = pods;
    this.#member = member;
    this.#resumed = resumed;
  }

  /** The kubelet starts beside containers that run: the next list shows which. */
  findRunning(): void {
    this.#resumed = true;
  }

  replace(items: readonly KubeObject[]): void {
    // A watch of pods brings pods.
    this.#pods.replace(this.#member, items as readonly Pod[], this.#resumed);
    this.#resumed = false;
  }

  events(events: readonly WatchEvent[]): void {
    for (const { type, object } of events) {
      if (object === null) continue;
      const pod = object as Pod;
      if (type === 'DELETED') this.#pods.onGone(pod.meta.uid);
      else this.#pods.onPod(this.#member, pod);
    }
  }
}

export class NodeSink implements ReflectorSink {
  readonly #onNode: (node: Node) => void;

  constructor(onNode: (node: Node) => void) {
    this.#onNode = onNode;
  }

  replace(items: readonly KubeObject[]): void {
    // A watch of one node by its name brings that node.
    for (const item of items) this.#onNode(item as Node);
  }

  events(events: readonly WatchEvent[]): void {
    for (const { type, object } of events) {
      if (object !== null && type !== 'DELETED') this.#onNode(object as Node);
    }
  }
}
