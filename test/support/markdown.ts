/** What a text would do on GitHub's page, read as GitHub reads it: links, pictures, HTML, people called, references made. */
import { marked, type Token } from "marked";

/** What Belay itself writes of HTML: its markers, and what folds a long text. */
const OWN_HTML = /<!-- belay:[^<>]*-->|<\/?(details|summary|sub|br)>/g;
/** GitHub makes links of these wherever they stand in plain text. */
const CALLED = /(^|[^\w`])@[a-z0-9]/i;
const REFERRED = /(^|[^\w&])#\d|\bGH-\d/i;

/** @param own addresses that a link may begin with */
export function effectsOf(markdown: string, own: readonly string[] = []): readonly string[] {
  const found: string[] = [];
  marked.walkTokens(marked.lexer(markdown, { gfm: true }), (token) => {
    const effect = effectOf(token, own);
    if (effect !== null) found.push(effect);
  });
  return found;
}

function effectOf(token: Token, own: readonly string[]): string | null {
  switch (token.type) {
    case "link":
      return own.some((address) => token.href.startsWith(address)) ? null : `links to ${token.href}`;
    case "image":
      return `shows ${token.href}`;
    case "html": {
      const rest = token.raw.replace(OWN_HTML, " ");
      return /[<>&]/.test(rest) ? `writes ${token.raw}` : effectOfWords(rest);
    }
    case "text":
    case "escape":
      if ("tokens" in token && token.tokens !== undefined) return null;
      return effectOfWords(token.text);
    default:
      return null;
  }
}

function effectOfWords(words: string): string | null {
  if (CALLED.test(words)) return `calls ${words}`;
  return REFERRED.test(words) ? `refers to ${words}` : null;
}
