/**
 * Which lines of a comment are plain text: not in a quote, a code block, a code span, an HTML comment or an HTML block.
 * Follows CommonMark where it matters for commands, and leaves out rather more than less where the two could differ.
 * Anybody may write a comment of 65,536 characters: everything here passes over the text a few times, however it is made.
 */

/** HTML elements whose content is not read as text of the writer. */
const OPAQUE = /^<(pre|code|blockquote|script|style|textarea|template|svg)\b/i;

export function visibleLines(markdown: string): readonly string[] {
  const lines = hideSpans(hideBlocks(markdown.replace(/\r\n?/g, "\n").split("\n")));
  return lines.filter((line) => line.trim() !== "");
}

/** Empties the lines of fenced and indented code and of quotes, with the lines that continue a quote's paragraph. */
function hideBlocks(lines: readonly string[]): readonly string[] {
  let fence: string | null = null;
  let quoted = false;
  return lines.map((line) => {
    if (fence !== null) {
      if (closes(line, fence)) fence = null;
      return "";
    }
    fence = opens(line);
    if (fence !== null) {
      quoted = false;
      return "";
    }
    if (/^(\s|[-*+]\s|\d+[.)]\s)*>/.test(line)) quoted = true;
    else if (line.trim() === "") quoted = false;
    return quoted || /^( {4}| {0,3}\t)/.test(line) ? "" : line;
  });
}

/** The fence that a line opens, also within a list item. Info strings of backtick fences hold no backtick. */
function opens(line: string): string | null {
  const found = /^(?:\s|[-*+]\s|\d+[.)]\s)*(?:(`{3,})[^`]*|(~{3,}).*)$/.exec(line);
  return found?.[1] ?? found?.[2] ?? null;
}

function closes(line: string, fence: string): boolean {
  const trimmed = line.trim();
  return trimmed.length >= fence.length && trimmed === (fence[0] ?? "").repeat(trimmed.length);
}

/** Empties every line that a code span, an HTML comment or an opaque element covers or touches. */
function hideSpans(lines: readonly string[]): readonly string[] {
  const hidden = spans(lines.join("\n"));
  let start = 0;
  let next = 0;
  return lines.map((line) => {
    const from = start;
    const to = start + line.length;
    start = to + 1;
    while ((hidden[next]?.to ?? from + 1) <= from) next++;
    return (hidden[next]?.from ?? to + 1) <= to ? "" : line;
  });
}

interface Span {
  readonly from: number;
  readonly to: number;
}

/** In their order; none lies in another. */
function spans(markdown: string): readonly Span[] {
  // Letter by letter: the lower case of some signs has another length, and every place must be the same in both.
  const lower = markdown.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  const text = { as_written: markdown, lower };
  const found: Span[] = [];
  let paragraph_end = -1;
  let at = 0;
  while (at < markdown.length) {
    if (paragraph_end <= at) paragraph_end = after(markdown, "\n\n", at);
    const to = spanEnd(text, at, paragraph_end);
    if (to !== null) found.push({ from: at, to });
    at = to ?? at + (markdown[at] === "`" ? runAt(markdown, at).length : 1);
  }
  return found;
}

interface Text {
  readonly as_written: string;
  readonly lower: string;
}

/** Where the span that begins at `at` ends, or null when none begins there. What is never closed covers the rest. */
function spanEnd({ as_written: text, lower }: Text, at: number, paragraph_end: number): number | null {
  if (text[at] === "`") return codeSpanEnd(text, at, paragraph_end);
  if (text[at] !== "<") return null;
  if (text.startsWith("<!--", at)) return after(text, "-->", at + 4);
  const element = OPAQUE.exec(text.slice(at, at + 20))?.[1];
  return element === undefined ? null : after(lower, `</${element.toLowerCase()}>`, at);
}

function codeSpanEnd(text: string, at: number, paragraph_end: number): number | null {
  const ticks = runAt(text, at);
  for (let next = at + ticks.length; next < paragraph_end; ) {
    const open = text.indexOf("`", next);
    if (open === -1 || open >= paragraph_end) return null;
    const run = runAt(text, open);
    if (run.length === ticks.length) return open + run.length;
    next = open + run.length;
  }
  return null;
}

function runAt(text: string, at: number): string {
  return /^`+/.exec(text.slice(at))?.[0] ?? "";
}

function after(text: string, end: string, from: number): number {
  const found = text.indexOf(end, from);
  return found === -1 ? text.length : found + end.length;
}
