/** The frame of the double's pages, and Markdown as GitHub shows it. */
import { marked } from "marked";
import sanitizeHtml from "sanitize-html";

export const html = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

const TAGS = [
  ...sanitizeHtml.defaults.allowedTags,
  "details",
  "summary",
  "input",
  "del",
  "img",
  "sub",
  "sup",
  "h1",
  "h2",
];

/** Renders GitHub-flavoured Markdown to harmless HTML. */
export const markdown = (text: string): string =>
  sanitizeHtml(marked.parse(text, { gfm: true, breaks: true, async: false }), {
    allowedTags: TAGS,
    allowedAttributes: {
      a: ["href", "title"],
      img: ["src", "alt"],
      input: ["type", "checked", "disabled"],
      details: ["open"],
      code: ["class"],
      th: ["align"],
      td: ["align"],
    },
    exclusiveFilter: ({ tag, attribs }) => tag === "input" && attribs.type !== "checkbox",
  });

const STYLE = `
:root { --ink: #1f2328; --soft: #59636e; --line: #d1d9e0; --wash: #f6f8fa; --good: #1a7f37; --bad: #cf222e; --busy: #9a6700; --done: #8250df; }
* { box-sizing: border-box; }
body { margin: 0; color: var(--ink); background: #fff; font: 15px/1.55 system-ui, "Segoe UI", Helvetica, Arial, sans-serif; }
header { padding: 10px 24px; background: var(--wash); border-bottom: 1px solid var(--line); color: var(--soft); font-size: 13px; }
main { max-width: 1180px; margin: 0 auto; padding: 24px; }
h1 { margin: 0 0 6px; font-size: 28px; font-weight: 400; } h1 small { color: var(--soft); font-size: 28px; }
h2 { margin: 28px 0 10px; font-size: 17px; }
a { color: #0969da; text-decoration: none; } a:hover { text-decoration: underline; }
code, pre { font: 13px/1.45 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; background: var(--wash); border-radius: 6px; }
code { padding: 2px 5px; } pre { padding: 12px 14px; overflow-x: auto; } pre code { padding: 0; background: none; }
table { border-collapse: collapse; margin: 8px 0; } th, td { border: 1px solid var(--line); padding: 4px 11px; text-align: left; vertical-align: top; } th { background: var(--wash); }
.pill { display: inline-block; padding: 3px 11px; border-radius: 99px; color: #fff; font-size: 13px; font-weight: 600; }
.pill, .dot { background: var(--soft); }
.open, .success { background: var(--good); } .closed, .failure, .error, .startup_failure { background: var(--bad); } .merged { background: var(--done); }
.in_progress, .queued, .pending, .action_required, .waiting { background: var(--busy); }
.columns { display: grid; grid-template-columns: minmax(0, 1fr) 350px; gap: 28px; align-items: start; } @media (max-width: 900px) { .columns { grid-template-columns: minmax(0, 1fr); } }
.comment { border: 1px solid var(--line); border-radius: 8px; margin: 14px 0; overflow-wrap: anywhere; } .comment th, .comment td { overflow-wrap: break-word; }
.comment > .by { padding: 7px 14px; background: var(--wash); border-bottom: 1px solid var(--line); border-radius: 8px 8px 0 0; font-size: 13px; color: var(--soft); }
.comment > .by b { color: var(--ink); } .comment.app > .by { background: #ddf4ff; border-color: #b6dcf3; } .comment > .body { padding: 4px 16px 6px; overflow-x: auto; }
.tag { border: 1px solid var(--line); border-radius: 99px; padding: 0 7px; font-size: 12px; }
.reactions { padding: 0 14px 10px; } .reactions span { border: 1px solid var(--line); border-radius: 99px; padding: 1px 9px; font-size: 13px; }
.check { border: 1px solid var(--line); border-radius: 8px; margin: 8px 0; } .check > summary, .check > div.head { padding: 8px 12px; cursor: pointer; font-size: 14px; }
.check .title { display: block; color: var(--soft); font-size: 13px; padding-left: 22px; } .check .body { padding: 0 14px 8px; border-top: 1px solid var(--line); font-size: 13.5px; overflow-x: auto; }
.dot { display: inline-block; width: 12px; height: 12px; border-radius: 50%; margin-right: 8px; vertical-align: -1px; }
.button { display: inline-block; border: 1px solid var(--line); border-radius: 6px; padding: 3px 10px; background: var(--wash); font-size: 13px; margin-right: 6px; }
.empty { color: var(--soft); } .log { white-space: pre-wrap; overflow-wrap: anywhere; background: #0d1117; color: #e6edf3; padding: 16px; border-radius: 8px; }
li:has(> input[type=checkbox]) { list-style: none; margin-left: -1.3em; } p { margin: 8px 0; } blockquote { margin: 8px 0; padding: 0 1em; color: var(--soft); border-left: 4px solid var(--line); }
`;

/** A whole page. `content` is HTML; the title is text. */
export const page = (title: string, where: string, content: string): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${html(title)}</title><style>${STYLE}</style></head>
<body><header>Test double of GitHub · ${where}</header><main>${content}</main></body></html>
`;

export const pill = (state: string): string =>
  `<span class="pill ${html(state)}">${html(state.replaceAll("_", " "))}</span>`;
