/** Names as numbers, for draws that must not depend on who else draws. */

/** FNV-1a over code units, an int32; whoever draws mixes it further. */
export function keyOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash;
}
