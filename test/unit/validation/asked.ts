/** A tree as a question: all of it is new in an empty repository. */
import { DEFAULT_CONFIGURATION } from "../../../src/core/packages/configuration.ts";
import { listingOf } from "../../../src/core/packages/judging/listing.ts";
import type { HeadQuestion } from "../../../src/core/packages/judging/types.ts";
import type { Fetch } from "../../../src/ports/packages.ts";
import { bytesOf, type Tree, viewOf } from "../packages/repository.ts";

export function asked(tree: Tree): { readonly question: HeadQuestion; readonly fetch: Fetch } {
  const { entries } = viewOf(tree);
  const files = new Map(entries.map(({ id, path }) => [id, path]));
  const rules = { configuration: DEFAULT_CONFIGURATION, guardrails: [], released: [] };
  const contentOf = (id: string) => tree.get(files.get(id) ?? "") ?? { content: "" };
  return {
    question: { kind: "head", base: "", start: "", head: listingOf(entries), ...rules },
    fetch: async (ids) => new Map(ids.map((id) => [id, bytesOf(contentOf(id))])),
  };
}
