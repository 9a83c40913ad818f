/**
 * Objects out of YAML as it comes in. Documents end at lines of three dashes; items of a List are
 * taken out at the dashes of `items:`, whose lines cannot be anything else, as what is inside of an
 * item is indented more.
 */
import { parseDocument } from 'yaml';
import type { ObjectReader, ObjectSink } from './documents.ts';
import { isMap, type Json } from './json.ts';

/** One object: etcd takes 1.5 MiB; a List whose items stand in brackets may have more. */
const TEXT_MAX = 64 * 1024 * 1024;

export class YamlObjects implements ObjectReader {
  readonly #file: string;
  readonly #sink: ObjectSink;
  #rest = '';
  #line = 0;
  #index = 0;
  /** Lines of the document or item, and where it began. */
  #lines: string[] = [];
  #length = 0;
  #from = 1;
  /** Columns before the dashes of items; -1: outside of a list, -2: before its first dash. */
  #indent = -1;
  #broken = false;

  constructor(file: string, sink: ObjectSink) {
    this.#file = file;
    this.#sink = sink;
  }

  push(chunk: string): boolean {
    const text = this.#rest + chunk;
    let from = 0;
    for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', from)) {
      this.#take(text.slice(from, i));
      from = i + 1;
      if (this.#broken) return false;
    }
    this.#rest = text.slice(from);
    return true;
  }

  end(): void {
    if (this.#rest !== '') this.#take(this.#rest);
    this.#finishPiece();
  }

  #take(line: string): void {
    this.#line++;
    if (/^(---|\.\.\.)(\s|$)/.test(line)) {
      this.#finishPiece();
      this.#indent = -1;
      this.#from = this.#line + 1;
      return;
    }
    if (this.#indent === -1) {
      if (/^items:\s*$/.test(line)) {
        // What stood before is the List's own head.
        this.#clear();
        this.#indent = -2;
        return;
      }
    } else if (this.#inList(line)) return;
    if (this.#lines.length === 0) this.#from = this.#line;
    this.#lines.push(line);
    this.#length += line.length + 1;
    if (this.#length > TEXT_MAX) this.#fail('an object of more than 64 MiB', this.#from);
  }

  /** True where the line was dealt with. */
  #inList(line: string): boolean {
    const first = line.search(/\S/);
    if (first < 0 || line[first] === '#') return this.#indent === -2;
    const dash = /^( *)-(\s+|$)/.exec(line);
    if (dash !== null && (this.#indent === -2 || dash[1].length === this.#indent)) {
      this.#finishPiece();
      this.#indent = dash[1].length;
      this.#from = this.#line;
      this.#lines = [' '.repeat(dash[0].length) + line.slice(dash[0].length)];
      this.#length = line.length;
      return true;
    }
    if (first > this.#indent && this.#indent >= 0) return false;
    // A key of the List after its items: kind, metadata.
    this.#finishPiece();
    this.#indent = -3;
    return true;
  }

  #clear(): void {
    this.#lines = [];
    this.#length = 0;
  }

  #finishPiece(): void {
    const text = this.#lines.join('\n');
    this.#clear();
    if (!/^\s*[^#\s]/m.test(text)) return;
    let value: Json;
    try {
      const document = parseDocument(text, { uniqueKeys: false, logLevel: 'error' });
      const [error] = document.errors;
      if (error !== undefined) {
        const line = text.slice(0, error.pos[0]).split('\n').length - 1;
        this.#fail(error.message.split('\n')[0], this.#from + line);
        return;
      }
      // What YAML without tags gives is JSON.
      value = document.toJS() as Json;
    } catch (error) {
      this.#fail(error instanceof Error ? error.message : String(error), this.#from);
      return;
    }
    if (value === null) return;
    const items = isMap(value) ? value.items : undefined;
    const all = isMap(value) && Array.isArray(items) ? (items as readonly Json[]) : [value];
    for (const item of all) {
      this.#index++;
      this.#sink.object(item, { file: this.#file, index: this.#index, line: this.#from });
    }
  }

  #fail(message: string, line: number): void {
    this.#broken = true;
    this.#sink.broken({
      place: { file: this.#file, index: this.#index + 1, line },
      message: `the YAML is broken in object ${this.#index + 1}: ${message}`,
      hint: 'Is it whole, and YAML? What came before can be used with --partial.',
    });
  }
}
