/** The informers of one process: each resource is listed and watched once, whoever asks. */
import type { ResourceName } from '../objects/index.ts';
import type { LibraryClient } from './client.ts';
import { CachedInformer } from './informer.ts';
import type { ClientLibrary } from './library.ts';
import type { ComponentProcess } from './process.ts';
import { SerialLoop } from './serial-loop.ts';
import type { Informer, InformerFactory, InformerOptions } from './types.ts';

export class Factory implements InformerFactory {
  readonly #library: ClientLibrary;
  readonly #client: LibraryClient;
  readonly #process: ComponentProcess | null;
  readonly #informers = new Map<string, CachedInformer<ResourceName>>();
  readonly #listeners: (() => void)[] = [];
  #isStarted = false;
  /** The listeners have been told in this life. */
  #isTold = false;

  constructor(library: ClientLibrary, client: LibraryClient, process: ComponentProcess | null) {
    this.#library = library;
    this.#client = client;
    this.#process = process;
    process?.onStop(() => this.stop());
  }

  informer<R extends ResourceName>(resource: R, options: InformerOptions = {}): Informer<R> {
    const key = `${resource} ${JSON.stringify(options)}`;
    const known = this.#informers.get(key);
    // One key, one resource: the type follows from it.
    if (known !== undefined) return known as unknown as Informer<R>;
    const informer = this.#create(resource, options, key);
    this.#informers.set(key, informer as unknown as CachedInformer<ResourceName>);
    if (this.#isStarted) {
      this.#isTold = false;
      informer.reflector?.start(false);
    }
    return informer;
  }

  start(preloaded: boolean): void {
    this.#isStarted = true;
    this.#isTold = false;
    for (const informer of this.#informers.values()) {
      if (this.#isStarted) informer.reflector?.start(preloaded);
    }
    if (this.#informers.size === 0) this.#tell();
  }

  get hasSynced(): boolean {
    for (const informer of this.#informers.values()) if (!informer.hasSynced) return false;
    return this.#isStarted;
  }

  onSynced(listener: () => void): void {
    this.#listeners.push(listener);
    if (this.#isTold) listener();
  }

  stop(): void {
    if (!this.#isStarted) return;
    this.#isStarted = false;
    this.#isTold = false;
    for (const informer of this.#informers.values()) {
      informer.reflector?.stop();
      informer.clear();
    }
  }

  #create<R extends ResourceName>(
    resource: R,
    options: InformerOptions,
    key: string,
  ): CachedInformer<R> {
    const library = this.#library;
    const { constants, sim } = library.ctx;
    const process = this.#process;
    const loop = process === null ? null : new SerialLoop(sim, process, `informer ${key}`);
    const costs = {
      eventNs: constants.get('clientGo.eventNs'),
      byteNs: constants.get('clientGo.decodeByteNs'),
      memoryRatio: constants.get('clientGo.memoryRatio'),
    };
    const informer = new CachedInformer(resource, loop, process, costs, () => this.#tell());
    const client = this.#client;
    const parts = { client, resource, options, sink: informer, process };
    informer.reflector = library.listWatcher(parts);
    return informer;
  }

  #tell(): void {
    if (this.#isTold || !this.hasSynced) return;
    this.#isTold = true;
    for (const listener of [...this.#listeners]) if (this.#isTold) listener();
  }
}
