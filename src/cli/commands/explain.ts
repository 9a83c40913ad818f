/** `wavetank explain`: what a field, a flag or a code means. */
import { explain } from '../../scenario/index.ts';
import { EXIT } from '../exit-codes.ts';
import type { Io } from '../io.ts';

export async function explainCommand(path: string, io: Io): Promise<number> {
  const explanation = explain(path);
  if (explanation.found) {
    io.out(`${explanation.text}\n`);
    return EXIT.good;
  }
  io.err(`${explanation.message}\n`);
  if (explanation.nearest !== '') io.err(`  did you mean ${explanation.nearest}?\n`);
  io.err('  hint: wavetank explain lists the fields at the top\n');
  return EXIT.usage;
}
