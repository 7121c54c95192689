/**
 * The guard: a small process beside the laboratory that ends every process of it and removes its folder as soon as the laboratory
 * lets go of it, whether by `stop`, by Ctrl-C or by being killed. So there is one way to clean up, and it always runs.
 */
import { fileURLToPath } from "node:url";
import { execa } from "execa";

export type Guard = {
  /** Environment for every process of the laboratory, by which the guard knows it again. */
  readonly mark: Readonly<Record<string, string>>;
  /** Hands over a process group, by the pid of its leader. */
  readonly watch: (pid: number) => void;
  /** Ends everything and resolves when nothing is left. */
  readonly release: () => Promise<void>;
};

/** Name of the mark's environment variable; its value is the laboratory's folder. */
export const MARK = "BELAY_LABORATORY";

/** @param folder the laboratory's, removed at the end with all that is in it */
export function startGuard(folder: string): Guard {
  const program = fileURLToPath(new URL("guard-main.ts", import.meta.url));
  const guard = execa(process.execPath, [program, folder], {
    // In a session of its own: Ctrl-C in a terminal must not reach it before its work.
    detached: true,
    cleanup: false,
    stdin: "pipe",
    stdout: "ignore",
    stderr: "inherit",
    reject: false,
  });
  return {
    mark: { [MARK]: folder },
    watch: (pid) => void guard.stdin.write(`${pid}\n`),
    release: async () => {
      guard.stdin.end();
      const { exitCode } = await guard;
      if (exitCode !== 0) throw new Error(`The laboratory in ${folder} could not be removed; see above.`);
    },
  };
}
