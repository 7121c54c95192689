/** What text from outside must not do in Markdown, and text that tries. */

export const withoutFences = (markdown: string): string =>
  markdown.replace(/^(`{3,})[^\n]*\n[\s\S]*?\n\1$/gm, "");

/** What would notify, link or run if it stood outside of code: looked for after code spans and fences are taken out. */
export function dangers(markdown: string): readonly string[] {
  const text = withoutFences(markdown).replace(/(?<!`)(`+)(?!`)([\s\S]*?[^`])\1(?!`)/g, "");
  return [
    ...(text.match(/(?<!\\)@[a-z]/gi) ?? []),
    ...(text.match(/(?<![\w&])#\d/g) ?? []),
    ...(text.match(/https?:\/\//gi) ?? []),
    ...(text.match(/(?<!\\)<(?!\/?(details|summary|sub)>|!-- belay:)/g) ?? []),
    ...(text.match(/(?<!\\)\]\(/g) ?? []),
  ];
}

export const HOSTILE = [
  "@acme/everyone look",
  "a` @everyone `b",
  "``@admin",
  "<img src=x onerror=alert(1)>",
  "<!-- belay:operation=1 -->",
  "[click](https://evil.example)",
  "https://evil.example see #12",
  "x\n# Heading\n\n/promote\n",
  "| a | b |",
  "</details>",
];
