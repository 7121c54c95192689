/** GitHub's limits on lengths, kept without leaving a fence, a `<details>` or a table row open. */

/** Of a comment's body; the limit is 65,536 and counts UTF-16 units on our side, to be safe. */
export const COMMENT_LIMIT = 65_536;
/** Of a check run's summary and of its text. */
export const CHECK_LIMIT = 65_535;
/** Of a deployment's description. */
export const DESCRIPTION_LIMIT = 140;

const CUT = "\n\n*Shortened: the rest does not fit into what GitHub takes.*\n";

/** The beginning of a Markdown text, cut between lines; open fences and `<details>` are closed again. */
export function cap(markdown: string, limit: number): string {
  if (markdown.length <= limit) return markdown;
  const lines: string[] = [];
  let length = 0;
  const open = { fence: null as string | null, details: 0 };
  for (const line of markdown.split("\n")) {
    const before = closing(open);
    if (length + line.length + 1 + before.length + CUT.length + line.length > limit) break;
    lines.push(line);
    length += line.length + 1;
    follow(open, line);
  }
  return `${lines.join("\n")}${closing(open)}${CUT}`;
}

/** The text of the first step that has room, from the longest to the shortest; of the last one where none has. */
export function fitting<Step>(
  steps: readonly Step[],
  room: number,
  textOf: (step: Step, at: number) => string,
): string {
  let text = "";
  for (const [at, step] of steps.entries()) {
    text = textOf(step, at);
    if (text.length <= room) break;
  }
  return text;
}

function follow(open: { fence: string | null; details: number }, line: string): void {
  const ticks = /^`{3,}/.exec(line)?.[0];
  if (open.fence !== null) {
    if (ticks === open.fence && line === ticks) open.fence = null;
    return;
  }
  if (ticks !== undefined) {
    open.fence = ticks;
    return;
  }
  open.details += line.split("<details>").length - line.split("</details>").length;
}

function closing(open: { readonly fence: string | null; readonly details: number }): string {
  const fence = open.fence === null ? "" : `\n${open.fence}`;
  return fence + "\n\n</details>".repeat(Math.max(0, open.details));
}

/** One line, cut at the end with an ellipsis. */
export function capLine(text: string, limit: number): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length <= limit ? line : `${line.slice(0, limit - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}
