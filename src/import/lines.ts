/** One at a time: a log of hundreds of megabytes, split at once, would take gigabytes. */
export function* linesOf(text: string): Generator<string, void, void> {
  let from = 0;
  while (from < text.length) {
    const at = text.indexOf('\n', from);
    const to = at < 0 ? text.length : at;
    yield text.slice(from, to);
    from = to + 1;
  }
}
