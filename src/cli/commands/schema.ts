/** `wavetank schema`: the field table as JSON Schema. */
import { jsonSchema } from '../../scenario/index.ts';
import { EXIT } from '../exit-codes.ts';
import type { Io } from '../io.ts';

export async function schemaCommand(io: Io): Promise<number> {
  io.out(`${JSON.stringify(jsonSchema(), null, 2)}\n`);
  return EXIT.good;
}
