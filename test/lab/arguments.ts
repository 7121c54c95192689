/** Looks over the shoulder of every process of this machine, as any of its users can: what stands among the arguments of a program. */
import { fileURLToPath } from "node:url";
import { execa } from "execa";

export type Watcher = {
  /** Every command line that was seen since the watch began, each once, with spaces between its arguments. */
  readonly seen: () => Promise<readonly string[]>;
};

/** It looks some hundred times a second; whoever ends within a few milliseconds may be missed. Ends with this process, too. */
export function watchArguments(): Watcher {
  const program = fileURLToPath(new URL("arguments-main.ts", import.meta.url));
  const watcher = execa(process.execPath, [program], {
    stdin: "pipe",
    stderr: "inherit",
    maxBuffer: 256 * 1024 * 1024,
    lines: true,
  });
  return {
    seen: async () => {
      watcher.stdin.end();
      return (await watcher).stdout;
    },
  };
}
