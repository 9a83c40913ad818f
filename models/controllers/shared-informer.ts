/** An informer whose handlers belong to a term, and whose indexes are asked for again and again. */
import type { Informer, InformerHandlers } from '../client-go/index.ts';
import type { ObjectOf, ResourceName } from '../objects/index.ts';

export class SharedInformer<R extends ResourceName> implements Informer<R> {
  readonly resource: R;
  readonly #informer: Informer<R>;
  readonly #indexes = new Set<string>();
  #handlers: InformerHandlers<ObjectOf<R>>[] = [];

  constructor(informer: Informer<R>) {
    this.resource = informer.resource;
    this.#informer = informer;
    informer.addHandlers({
      onAdd: (object) => {
        for (const handlers of this.#handlers) handlers.onAdd?.(object);
      },
      onUpdate: (object, old) => this.#onUpdate(object, old),
      onDelete: (object) => {
        for (const handlers of this.#handlers) handlers.onDelete?.(object);
      },
    });
  }

  get hasSynced(): boolean {
    return this.#informer.hasSynced;
  }

  get resourceVersion(): number {
    return this.#informer.resourceVersion;
  }

  get size(): number {
    return this.#informer.size;
  }

  get(path: string): ObjectOf<R> | undefined {
    return this.#informer.get(path);
  }

  values(): Iterable<ObjectOf<R>> {
    return this.#informer.values();
  }

  addHandlers(handlers: InformerHandlers<ObjectOf<R>>): void {
    this.#handlers.push(handlers);
  }

  addIndex(name: string, keyOf: (object: ObjectOf<R>) => string): void {
    if (this.#indexes.has(name)) return;
    this.#indexes.add(name);
    this.#informer.addIndex(name, keyOf);
  }

  byIndex(name: string, key: string): Iterable<ObjectOf<R>> {
    return this.#informer.byIndex(name, key);
  }

  forgetHandlers(): void {
    this.#handlers = [];
  }

  /** Another object of the same name is, to every controller, the end of one and a new one. */
  #onUpdate(object: ObjectOf<R>, old: ObjectOf<R>): void {
    const replaced = object.meta.uid !== old.meta.uid;
    for (const handlers of this.#handlers) {
      if (!replaced) handlers.onUpdate?.(object, old);
      else {
        handlers.onDelete?.(old);
        handlers.onAdd?.(object);
      }
    }
  }
}
