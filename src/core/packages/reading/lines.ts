/** Lines and columns of offsets, both from 1; columns count UTF-16 units, as GitHub and editors do. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A function from offsets of the text to their places; lines end with \n, with \r\n or with a lone \r. */
export function placesOf(text: string): (offset: number) => Place {
  const starts = [0];
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === 10 || (unit === 13 && text.charCodeAt(at + 1) !== 10)) starts.push(at + 1);
  }
  return (offset) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
  };
}
