/** Quantities by hand: decimals as strings, shifted a place and doubled a time at a time. */

/** Billionths of sign, digits, fraction and suffix, rounded away from zero; as a string. */
export function slowNano(whole: string, fraction: string, suffix: string): string {
  let digits = whole;
  let rest = fraction;
  const shift = (places: number) => {
    for (let i = 0; i < places; i++) {
      digits += rest[0] ?? '0';
      rest = rest.slice(1);
    }
    for (let i = 0; i > places; i--) {
      rest = (digits.at(-1) ?? '0') + rest;
      digits = digits.slice(0, -1);
    }
  };
  const decimal = 'num_kMGTPE'.indexOf(suffix || '_');
  const binary = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'].indexOf(suffix);
  if (binary >= 0) {
    for (let i = 0; i < 10 * (binary + 1); i++) [digits, rest] = doubled(digits, rest);
  } else if (decimal >= 0) shift((decimal - 3) * 3);
  else shift(Number(suffix.slice(1)));
  shift(9);
  const up = /[1-9]/.test(rest);
  const all = up ? plusOne(digits || '0') : digits;
  return all.replace(/^0+(?=\d)/, '') || '0';
}

function doubled(digits: string, rest: string): [string, string] {
  const both = digits + rest;
  let carry = 0;
  let sum = '';
  for (let i = both.length - 1; i >= 0; i--) {
    const twice = Number(both[i]) * 2 + carry;
    sum = String(twice % 10) + sum;
    carry = twice > 9 ? 1 : 0;
  }
  sum = String(carry) + sum;
  const at = sum.length - rest.length;
  return [sum.slice(0, at), sum.slice(at)];
}

function plusOne(digits: string): string {
  const at = digits.search(/9*$/);
  const head = at === 0 ? '1' : digits.slice(0, at - 1) + String(Number(digits[at - 1]) + 1);
  return head + '0'.repeat(digits.length - at);
}
