/**
 * Objects out of JSON as it comes in: items of a List each by itself, so that a dump of any size
 * takes the memory of its largest object.
 */
import { Tokenizer, TokenParser, TokenType } from '@streamparser/json';
import type { ObjectReader, ObjectSink, Place } from './documents.ts';
import { isMap, type Json } from './json.ts';

export class JsonObjects implements ObjectReader {
  readonly #file: string;
  readonly #sink: ObjectSink;
  readonly #tokenizer = new Tokenizer({ separator: '' });
  readonly #parser = new TokenParser({ paths: ['$', '$.items.*'], separator: '' });
  #index = 0;
  /** Items of the List that is being read. */
  #items = 0;
  #open = 0;
  /** Bytes, and lines, of the chunks before this one; where the last token began. */
  #bytes = 0;
  #lines = 1;
  #offset = 0;

  constructor(file: string, sink: ObjectSink) {
    this.#file = file;
    this.#sink = sink;
    this.#tokenizer.onToken = (token) => {
      this.#offset = token.offset;
      const type = token.token;
      if (type === TokenType.LEFT_BRACE || type === TokenType.LEFT_BRACKET) this.#open++;
      else if (type === TokenType.RIGHT_BRACE || type === TokenType.RIGHT_BRACKET) this.#open--;
      this.#parser.write(token);
    };
    this.#parser.onValue = ({ value, key, parent, stack }) => {
      // What the parser builds is JSON.
      if (stack.length > 1) {
        this.#items++;
        this.#emit(value as Json);
        // The list would hold all of them till its end.
        if (Array.isArray(parent) && typeof key === 'number') parent[key] = null;
      } else this.#whole(value as Json);
    };
  }

  push(chunk: string): boolean {
    try {
      this.#tokenizer.write(chunk);
    } catch (error) {
      this.#broken(chunk, error);
      return false;
    }
    for (let i = chunk.indexOf('\n'); i >= 0; i = chunk.indexOf('\n', i + 1)) this.#lines++;
    this.#bytes += byteLength(chunk);
    return true;
  }

  end(): void {
    try {
      this.#tokenizer.end();
    } catch {
      this.#cut();
      return;
    }
    if (this.#open > 0) this.#cut();
  }

  #whole(value: Json): void {
    if (Array.isArray(value)) for (const item of value) this.#emit(item);
    else if (isMap(value) && Array.isArray(value.items)) this.#items = 0;
    else this.#emit(value);
  }

  #emit(value: Json): void {
    this.#index++;
    this.#sink.object(value, { file: this.#file, index: this.#index, line: 0 });
  }

  #cut(): void {
    this.#sink.broken({
      place: { file: this.#file, index: this.#index + 1, line: this.#lines },
      message: `the file ends in the middle of object ${this.#index + 1}`,
      hint: 'It is cut off: get it again, or use what is there with --partial.',
    });
  }

  #broken(chunk: string, error: unknown): void {
    const place: Place = {
      file: this.#file,
      index: this.#index + 1,
      line: this.#lineOf(chunk),
    };
    const text = error instanceof Error ? error.message : String(error);
    const what = /Unexpected "?([^"]+?)"? /.exec(text)?.[1] ?? '';
    this.#sink.broken({
      place,
      message: `the JSON is broken in object ${place.index}${what === '' ? '' : `: unexpected ${what}`}`,
      hint: 'Is it whole, and JSON? What came before can be used with --partial.',
    });
  }

  /** Of the place where reading stopped: by its byte, as the reader counts. */
  #lineOf(chunk: string): number {
    let bytes = this.#bytes;
    let line = this.#lines;
    for (let i = 0; i < chunk.length && bytes < this.#offset; i++) {
      if (chunk[i] === '\n') line++;
      const code = chunk.charCodeAt(i);
      bytes += code < 0x80 ? 1 : code < 0x800 || (code >= 0xd800 && code <= 0xdfff) ? 2 : 3;
    }
    return line;
  }
}

function byteLength(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) bytes += code > 0x7ff && (code < 0xd800 || code > 0xdfff) ? 2 : 1;
  }
  return bytes;
}
