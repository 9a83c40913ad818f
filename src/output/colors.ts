/** Colours are passed in (picocolors has this shape), so that tests and files are plain. */
export interface Colors {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly cyan: (text: string) => string;
}

/** What is undecided is neither good nor bad. */
export function paintVerdict(verdict: string, colors: Colors): (text: string) => string {
  if (verdict === 'pass') return colors.green;
  return verdict === 'fail' ? colors.red : colors.yellow;
}

const same = (text: string): string => text;

export const noColors: Colors = {
  bold: same,
  dim: same,
  red: same,
  green: same,
  yellow: same,
  cyan: same,
};
