/** One thing that is wrong with the meaning of a configuration, at a path of the file. */
import type { Path } from "./document.ts";

export interface Problem {
  readonly code: string;
  readonly path: Path;
  readonly message: string;
  readonly remedy: string;
}
