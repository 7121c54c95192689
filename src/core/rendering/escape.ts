/**
 * Values from outside (names, paths, rows, error messages) in text for GitHub. They become inline code or lose every sign
 * that Markdown, HTML, mentions or references are made of; whatever is not put through here must be written in this project.
 */

/** Characters that no reader can see, or that reorder what he sees (controls, zero-width, bidirectional marks). */
const INVISIBLE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: removing them is the purpose
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

const LONGEST_VALUE = 200;

/** One line of visible text, shortened in the middle so that both ends remain. */
export function plain(value: string, longest = LONGEST_VALUE): string {
  const line = value
    .replace(/[\r\n\t]+/g, " ")
    .replace(INVISIBLE, "")
    .trim();
  const signs = [...line];
  if (signs.length <= longest) return line;
  const head = Math.ceil((longest - 1) / 2);
  return `${signs.slice(0, head).join("")}…${signs.slice(-(longest - 1 - head)).join("")}`;
}

/**
 * Inline code, whose delimiter is longer than any run of backticks inside; nothing in it is a mention, a link or HTML.
 * A `|` is safe only through `cell`.
 */
export function code(value: string, longest = LONGEST_VALUE): string {
  const text = plain(value, longest);
  if (text === "") return "(empty)";
  const ticks = "`".repeat(longestRun(text) + 1);
  const pad = text.startsWith("`") || text.endsWith("`") ? " " : "";
  return `${ticks}${pad}${text}${pad}${ticks}`;
}

/** A GitHub login that is shown without notifying anybody. */
export function person(login: string): string {
  return code(login, 60);
}

/** Makes a piece of Markdown fit for a table's cell: one line, and no `|` that would end the cell, not even in code. */
export function cell(markdown: string): string {
  return markdown.replace(/\r?\n/g, " ").replaceAll("\\|", "|").replaceAll("|", "\\|");
}

/** A fenced block; the fence is longer than any run of backticks inside. */
export function fence(text: string, language = ""): string {
  const body = text.replace(/\r\n?/g, "\n").replace(INVISIBLE, "").replace(/\n+$/, "");
  const ticks = "`".repeat(Math.max(3, longestRun(body) + 1));
  return `${ticks}${language}\n${body}\n${ticks}`;
}

/** An address of our own configuration as a link; anything that is not a plain http(s) address is shown as code. */
export function link(text: string, url: string): string {
  const label = text.replace(INVISIBLE, "").replace(/([\\`*_{}[\]()<>#+!|~@&])/g, "\\$1");
  if (!/^https?:\/\/[A-Za-z0-9.:[\]-]+(\/[A-Za-z0-9._~!$&'*+,;=:@%/?#-]*)?$/.test(url)) {
    return `${label} (${code(url)})`;
  }
  return `[${label}](<${url}>)`;
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
}

/**
 * A sentence as Markdown: its code spans stay code spans, everything else becomes inert text. So a sentence may carry values
 * from outside anywhere, between backticks or not: whatever they hold, nothing in it is a mention, a link, HTML or a heading.
 */
export function inert(sentence: string): string {
  const text = plain(sentence, 4_000);
  let out = "";
  let at = 0;
  for (const span of codeSpans(text)) {
    out += inertText(text.slice(at, span.from)) + code(span.text, 400);
    at = span.to;
  }
  return out + inertText(text.slice(at));
}

const ZERO_WIDTH_SPACE = "\u200b";

/** What GitHub reads in any text: mentions, references, addresses. */
const LINKED = /[@#]|:(?=\/\/)|(?:mailto|xmpp):|www(?=\.)|\bGH(?=-\d)/gi;

/** A line for a commit's message: it mentions nobody, closes no issue and skips no workflow, whatever it quotes. */
export const inCommit = (text: string): string =>
  plain(text, 300).replace(LINKED, `$&${ZERO_WIDTH_SPACE}`).replaceAll("[", `[${ZERO_WIDTH_SPACE}`);

/** Escapes what Markdown reads, and parts what GitHub would link by itself: mentions, references, addresses. */
function inertText(text: string): string {
  return text
    .replace(/[\\`*_{}[\]<>|~!&$]/g, "\\$&")
    .replace(LINKED, `$&${ZERO_WIDTH_SPACE}`)
    .replace(/^(\s*)([-+=]|\d+[.)])/, "$1\\$2")
    .replace(/^(\s*)\\(\d+)([.)])/, "$1$2\\$3");
}

function codeSpans(
  text: string,
): readonly { readonly from: number; readonly to: number; readonly text: string }[] {
  const runs = [...text.matchAll(/`+/g)].map((run) => ({ from: run.index, length: run[0].length }));
  const spans = [];
  for (let open = 0; open < runs.length; open++) {
    const start = runs[open];
    const close = runs.findIndex((run, at) => at > open && run.length === start?.length);
    const end = runs[close];
    if (start === undefined || end === undefined) continue;
    const inside = text.slice(start.from + start.length, end.from).trim();
    spans.push({ from: start.from, to: end.from + end.length, text: inside });
    open = close;
  }
  return spans;
}
