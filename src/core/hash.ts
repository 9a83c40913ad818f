/**
 * Hashes for naming and seeding. They are not cryptographic; they are short, spread well, and give
 * the same bits everywhere. The mixers are the finalizers of MurmurHash3, public domain
 * (https://github.com/aappleby/smhasher).
 */

/** A bijection of 32-bit integers in which every input bit moves about half of the output bits. */
export function mix32(x: number): number {
  let h = x | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** Eight hex digits of a 32-bit integer. */
export function hex32(x: number): string {
  return (x >>> 0).toString(16).padStart(8, '0');
}

/** 128-bit hash of a text as 32 hex digits; over UTF-16 code units, so equal in every engine. */
export function hashText(text: string): string {
  return hashPieces([text]);
}

/** The same of a text in pieces, which may be longer than an engine's longest string. */
export function hashPieces(pieces: readonly string[]): string {
  let a = 0x811c9dc5 ^ pieces.reduce((sum, piece) => sum + piece.length, 0);
  let b = 0x9e3779b9;
  let c = 0x85ebca6b;
  let d = 0xc2b2ae35;
  for (const piece of pieces) {
    for (let i = 0; i < piece.length; i++) {
      const unit = piece.charCodeAt(i);
      a = Math.imul(a ^ unit, 0x01000193) ^ (d >>> 17);
      b = Math.imul(b ^ unit, 0x85ebca6b) ^ (a >>> 15);
      c = Math.imul(c ^ unit, 0xc2b2ae35) ^ (b >>> 13);
      d = Math.imul(d ^ unit, 0x27d4eb2f) ^ (c >>> 16);
    }
  }
  // Two rounds, so that the last code units reach all four words.
  for (let round = 0; round < 2; round++) {
    a = mix32(a + d);
    b = mix32(b + a);
    c = mix32(c + b);
    d = mix32(d + c);
  }
  return hex32(a) + hex32(b) + hex32(c) + hex32(d);
}

/**
 * Seed of replication r of an experiment. Replication 0 has a seed of its own too, so that all are
 * alike.
 */
export function hashSeed(seed: string, replication: number): string {
  return hashText(`${seed}\u0000replication\u0000${replication}`);
}
