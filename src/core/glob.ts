/** Patterns as in a shell, for names without folders: `*` is any text, `?` one character; everything else stands for itself. */

/** Whether a name matches a pattern; letters count as they are written. Linear in the name's length per `*`. */
export function matchesPattern(pattern: string, name: string): boolean {
  let p = 0;
  let n = 0;
  let star = -1;
  let retry = 0;
  while (n < name.length) {
    if (pattern[p] === "*") {
      star = p++;
      retry = n;
    } else if (p < pattern.length && (pattern[p] === "?" || pattern[p] === name[n])) {
      p++;
      n++;
    } else if (star >= 0) {
      p = star + 1;
      n = ++retry;
    } else return false;
  }
  while (pattern[p] === "*") p++;
  return p === pattern.length;
}

const STAR = "*".charCodeAt(0);
const ANY = "?".charCodeAt(0);

/** Whether some name matches both patterns. Takes as many steps as the product of their lengths. */
export function patternsMeet(a: string, b: string): boolean {
  const ends = b.length;
  // From the end on: whether the rest of `a` from some sign on, and of `b` from j on, can be the same text.
  let below = new Uint8Array(ends + 1);
  let row = new Uint8Array(ends + 1);
  below[ends] = 1;
  for (let j = ends - 1; j >= 0 && b.charCodeAt(j) === STAR; j--) below[j] = 1;
  for (let i = a.length - 1; i >= 0; i--) {
    const own = a.charCodeAt(i);
    row[ends] = own === STAR ? (below[ends] ?? 0) : 0;
    for (let j = ends - 1; j >= 0; j--) {
      const other = b.charCodeAt(j);
      const either = (below[j] ?? 0) | (row[j + 1] ?? 0);
      const same = own === other || own === ANY || other === ANY ? (below[j + 1] ?? 0) : 0;
      row[j] = own === STAR || other === STAR ? either : same;
    }
    [below, row] = [row, below];
  }
  return below[0] === 1;
}

/** Whether a pattern has no wildcards: it then names one thing. */
export const isExact = (pattern: string): boolean => !/[*?]/.test(pattern);
