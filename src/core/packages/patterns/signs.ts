/** Sets of signs: ranges of code points, and what can be done with them. */

/** Signs as ranges of code points, in order and apart from each other. */
export type Signs = readonly (readonly [number, number])[];

export const LAST_SIGN = 0x10ffff;
export const DIGITS: Signs = [[48, 57]];
export const WORD: Signs = [
  [48, 57],
  [65, 90],
  [95, 95],
  [97, 122],
];
export const SPACE: Signs = [
  [9, 13],
  [32, 32],
  [160, 160],
  [5760, 5760],
  [8192, 8202],
  [8232, 8233],
  [8239, 8239],
  [8287, 8287],
  [12288, 12288],
  [65279, 65279],
];
export const LINE_ENDS: Signs = [
  [10, 10],
  [13, 13],
  [8232, 8233],
];
export const ANY_SIGN: Signs = [[0, LAST_SIGN]];

export function single(sign: string): Signs {
  const point = sign.codePointAt(0) ?? 0;
  return [[point, point]];
}

/** Ranges in order, joined where they touch. */
export function normal(ranges: Signs): Signs {
  const sorted = [...ranges].filter(([low, high]) => low <= high).sort((a, b) => a[0] - b[0]);
  const joined: [number, number][] = [];
  for (const [low, high] of sorted) {
    const last = joined.at(-1);
    if (last !== undefined && low <= last[1] + 1) last[1] = Math.max(last[1], high);
    else joined.push([low, high]);
  }
  return joined;
}

export function complement(ranges: Signs): Signs {
  const found: [number, number][] = [];
  let from = 0;
  for (const [low, high] of normal(ranges)) {
    if (low > from) found.push([from, low - 1]);
    from = high + 1;
  }
  if (from <= LAST_SIGN) found.push([from, LAST_SIGN]);
  return found;
}

/** With the other case of every letter, as the flag `i` has it. Ranges of more than 200 signs are taken as they are, apart from A to Z. */
export function bothCases(ranges: Signs): Signs {
  return normal([...ranges, ...ranges.flatMap(variants)]);
}

function variants([low, high]: readonly [number, number]): Signs {
  if (high - low > 200)
    return [...shifted([low, high], [65, 90], 32), ...shifted([low, high], [97, 122], -32)];
  const all = Array.from({ length: high - low + 1 }, (_, at) => String.fromCodePoint(low + at));
  return all
    .flatMap((sign) => [sign.toLowerCase(), sign.toUpperCase()])
    .flatMap((sign) => ([...sign].length === 1 ? single(sign) : []));
}

/** The part of a range that lies in another one, moved. */
function shifted(
  [low, high]: readonly [number, number],
  within: readonly [number, number],
  by: number,
): Signs {
  const from = Math.max(low, within[0]);
  const to = Math.min(high, within[1]);
  return from <= to ? [[from + by, to + by]] : [];
}
