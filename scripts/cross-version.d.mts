export function difference(
  first: ReadonlyMap<string, string>,
  second: ReadonlyMap<string, string>,
): string;
