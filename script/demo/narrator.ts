/** How the demo talks: headings, short lines, and a clock for long steps. With `--json` all of it goes to standard error. */
export type Narrator = {
  readonly chapter: (number: number, title: string) => void;
  readonly say: (sentence: string) => void;
  /** Tells that a long step began, does it, and tells how long it took. */
  readonly during: <T>(what: string, work: () => Promise<T>) => Promise<T>;
  /** Repeats what the bot wrote, indented. */
  readonly quote: (lines: readonly string[]) => void;
};

export function narrator(stream: NodeJS.WritableStream): Narrator {
  const line = (text: string) => void stream.write(`${text}\n`);
  return {
    chapter: (number, title) => line(`\n${number}. ${title}`),
    say: (sentence) => line(`   ${sentence}`),
    during: async (what, work) => {
      const started = performance.now();
      line(`   … ${what}`);
      const result = await work();
      line(`     ${((performance.now() - started) / 1000).toFixed(1)} s`);
      return result;
    },
    quote: (lines) => {
      for (const text of lines) line(`   │ ${text}`);
    },
  };
}
