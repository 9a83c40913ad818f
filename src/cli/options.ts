/** Options that several commands have, and how their values are read. */
import { type Command, InvalidArgumentError, Option } from 'commander';

const SEED_LENGTH_MAX = 200;
const JOBS_MAX = 256;

/** Runs the command and remembers its exit code. */
export type Finish = (code: Promise<number>) => Promise<void>;

export function integerBetween(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^[0-9]+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`);
  };
}

export function seedText(text: string): string {
  if (text.length > 0 && text.length <= SEED_LENGTH_MAX) return text;
  throw new InvalidArgumentError(`Expected a text of 1 to ${SEED_LENGTH_MAX} characters.`);
}

/** Names of CSV files, with or without their ending. Which there are is known to the command. */
export function fileNames(text: string): string[] {
  const names = text.split(',').map((name) => name.trim().replace(/\.csv$/, ''));
  if (!names.includes('')) return names;
  throw new InvalidArgumentError('Expected names of CSV files, such as runs,metrics.');
}

/** Collects an option that may be given several times. */
export function collect(text: string, earlier: readonly string[]): string[] {
  return [...earlier, text];
}

export function assignment(text: string, earlier: readonly string[]): string[] {
  if (!/^[^=\s]+=/.test(text)) {
    throw new InvalidArgumentError('Expected path=value, for example etcd.members=5.');
  }
  return collect(text, earlier);
}

export function examples(lines: ReadonlyArray<readonly [command: string, what: string]>): string {
  const width = Math.max(...lines.map(([command]) => command.length));
  const rows = lines.map(([command, what]) => `  $ wavetank ${command.padEnd(width)}   # ${what}`);
  return `\nExamples:\n${rows.join('\n')}`;
}

export const setOption = (): Option =>
  new Option('-s, --set <path=value>', 'set one field; may be given several times')
    .argParser(assignment)
    .default([], 'none');

/** Where runs happen, and how many at once. */
export function withExecutor(command: Command): Command {
  return command
    .option('--jobs <n>', 'runs at once (default: one for each core)', integerBetween(1, JOBS_MAX))
    .addOption(
      new Option('--executor <name>', 'where runs happen').choices(['in-process', 'threads']),
    );
}
