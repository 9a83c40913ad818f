/**
 * Removes the first `count` elements in place. `splice` would make an array of them, and emptying a
 * short array by its length gives its memory back, to be taken again by the next push.
 */
export function dropFirst(values: unknown[], count: number): void {
  const left = values.length - count;
  for (let i = 0; i < left; i++) values[i] = values[i + count];
  while (values.length > left) values.pop();
}
