/**
 * Writes the pages of docs/reference that are generated: `npx tsx scripts/generate-reference.ts`.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { referencePages } from '../src/scenario/index.ts';

const folder = new URL('../docs/reference/', import.meta.url);
mkdirSync(folder, { recursive: true });
for (const [name, text] of Object.entries(referencePages())) {
  writeFileSync(new URL(name, folder), text);
}
