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

/** Whether some name matches both patterns. */
export function patternsMeet(a: string, b: string): boolean {
  const seen = new Map<string, boolean>();
  const meet = (i: number, j: number): boolean => {
    const key = `${i},${j}`;
    const known = seen.get(key);
    if (known !== undefined) return known;
    const found = step(i, j);
    seen.set(key, found);
    return found;
  };
  const step = (i: number, j: number): boolean => {
    if (i === a.length && j === b.length) return true;
    if (a[i] === "*") return meet(i + 1, j) || (j < b.length && meet(i, j + 1));
    if (b[j] === "*") return meet(i, j + 1) || (i < a.length && meet(i + 1, j));
    if (i === a.length || j === b.length) return false;
    return (a[i] === b[j] || a[i] === "?" || b[j] === "?") && meet(i + 1, j + 1);
  };
  return meet(0, 0);
}

/** Whether a pattern has no wildcards: it then names one thing. */
export const isExact = (pattern: string): boolean => !/[*?]/.test(pattern);
