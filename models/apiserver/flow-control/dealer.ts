/**
 * Shuffle sharding: which queues a flow may use (kubernetes/apiserver pkg/util/shufflesharding
 * dealer.go). A 64-bit hash of the flow is read as digits of a mixed-radix number: a hand of
 * different cards out of a deck.
 */
import { hashText } from '../../../src/core/index.ts';

/** Queues of a flow, in the order in which they were dealt. */
export function dealHand(flow: string, deckSize: number, handSize: number): number[] {
  let hash = BigInt(`0x${hashText(flow).slice(0, 16)}`);
  const hand: number[] = [];
  const remainders = new Int32Array(handSize);
  for (let i = 0; i < handSize; i++) {
    const radix = BigInt(deckSize - i);
    remainders[i] = Number(hash % radix);
    hash /= radix;
  }
  for (let i = 0; i < handSize; i++) {
    let card = remainders[i];
    for (let j = i; j > 0; j--) if (card >= remainders[j - 1]) card++;
    hand.push(card);
  }
  return hand;
}
