/**
 * A dump, however it is written, to its objects, one at a time: a List, single objects, a stream of
 * YAML documents, JSON lines, JSON objects one behind the other.
 */

import type { Json } from './json.ts';
import { JsonObjects } from './read-json.ts';
import { YamlObjects } from './read-yaml.ts';

export interface ImportInput {
  /** Name of the file, for messages. */
  readonly name: string;
  /** Its text, piece by piece. */
  readonly chunks: Iterable<string>;
}

/** Where an object stood. */
export interface Place {
  readonly file: string;
  /** From 1: of the objects of the file. */
  readonly index: number;
  /** From 1; 0 where it is not known. */
  readonly line: number;
}

/** The text breaks off, or is none of the formats. */
export interface Breakage {
  readonly place: Place;
  readonly message: string;
  readonly hint: string;
}

export interface ObjectSink {
  object(value: Json, place: Place): void;
  broken(breakage: Breakage): void;
}

/** A reader of one format. False: it has found the text broken, and reads no further. */
export interface ObjectReader {
  push(chunk: string): boolean;
  end(): void;
}

const STRAYS: readonly { readonly pattern: RegExp; readonly is: string; readonly hint: string }[] =
  [
    {
      pattern: /^\s*(<!doctype|<html)/i,
      is: 'a web page',
      hint: 'kubectl get nodes,pods -A -o json > dump.json',
    },
    {
      pattern: /^(error: |Error from server|Unable to connect|The connection to the server)/,
      is: 'an error of kubectl',
      hint: 'Run the command again; `2>` keeps its errors out of the file.',
    },
    {
      pattern: /^(NAMESPACE|NAME) +(NAME|READY|STATUS|TYPE|AGE|DATA)/,
      is: 'the table that kubectl prints for people',
      hint: 'Add -o json.',
    },
    {
      pattern: /^[\w .-]+(,[\w .-]+){2,}\r?\n/,
      is: 'a CSV',
      hint: 'Traces are read by `wavetank replay`.',
    },
    {
      pattern: /^\s*\{.{0,200}"apiVersion":\s*"audit\.k8s\.io/s,
      is: 'an audit log',
      hint: 'wavetank replay LOG',
    },
    {
      pattern: /^apiVersion:\s*wavetank/m,
      is: 'a file of wavetank itself',
      hint: 'wavetank run FILE',
    },
  ];

export function readObjects(input: ImportInput, sink: ObjectSink): void {
  let reader: ObjectReader | null = null;
  let head = '';
  const start = { file: input.name, index: 0, line: 1 };
  for (const chunk of input.chunks) {
    if (reader !== null) {
      if (!reader.push(chunk)) return;
      continue;
    }
    head += chunk;
    if (head.trim() === '') continue;
    const text = head.replace(/^\uFEFF/, '');
    const stray = STRAYS.find(({ pattern }) => pattern.test(text.slice(0, 4096)));
    if (stray !== undefined) {
      sink.broken({ place: start, message: `this is ${stray.is}`, hint: stray.hint });
      return;
    }
    if (text.slice(0, 4096).includes('\0')) {
      const hint = 'Unpack it first, if it is compressed.';
      sink.broken({ place: start, message: 'the file is binary', hint });
      return;
    }
    reader = /^\s*[{[]/.test(text)
      ? new JsonObjects(input.name, sink)
      : new YamlObjects(input.name, sink);
    if (!reader.push(text)) return;
  }
  if (reader !== null) reader.end();
  else sink.broken({ place: start, message: 'the file is empty', hint: 'Was it written?' });
}
