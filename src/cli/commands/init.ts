/** `wavetank init`: a commented scenario to start from. */
import { createTextFile } from '../../host/index.ts';
import { initTemplate } from '../../scenario/index.ts';
import { EXIT } from '../exit-codes.ts';
import type { Io } from '../io.ts';

export async function initCommand(file: string, io: Io): Promise<number> {
  if (file === '-') {
    io.out(initTemplate());
    return EXIT.good;
  }
  createTextFile(file, initTemplate());
  io.out(`${file} is written. Next: wavetank run ${file}\n`);
  return EXIT.good;
}
