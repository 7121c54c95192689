/** A real store for tests: PGlite in memory, one per call. Close it, or the process keeps its memory. */
import { type OpenStore, openStore } from "../../src/store/open.ts";

export function openTestStore(): Promise<OpenStore> {
  return openStore({ kind: "memory" });
}
