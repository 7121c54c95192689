/** What the bot has on record in the end, read with its own store after it stopped. */
import { z } from "zod";
import { openStore } from "../../../src/store/open.ts";
import type { Operation } from "./model.ts";

export type StorePlace =
  | { readonly DATABASE_URL: string }
  | {
      readonly BELAY_STORE_DIR: string;
    };

const Pull = z.object({ repository_id: z.number(), number: z.number(), state: z.string(), sha: z.string() });
const OperationRow = z.object({
  id: z.string(),
  repository_id: z.number(),
  pull_request: z.number(),
  comment_id: z.number(),
  state: z.string(),
});
const Dispatch = z.object({ operation_id: z.string(), nonce: z.string() });
const Guid = z.object({ id: z.string() });
const Unfinished = z.object({ what: z.string(), count: z.coerce.number() });

export type Recorded = {
  readonly pulls: ReadonlyMap<string, { readonly state: string; readonly head_sha: string }>;
  /** By pull request; how often each of its nonces is in the title of a run. */
  readonly operations: ReadonlyMap<string, readonly Operation[]>;
  /** Guids of all deliveries that it has. */
  readonly guids: ReadonlySet<string>;
  /** Deliveries and effects that are not done, by what became of them. */
  readonly unfinished: readonly z.infer<typeof Unfinished>[];
};

export const keyOf = (repository: number, number: number): string => `${repository}#${number}`;

export async function readStore(place: StorePlace, run_titles: readonly string[]): Promise<Recorded> {
  const opened = await openStore(
    "DATABASE_URL" in place
      ? { kind: "postgres", url: place.DATABASE_URL, onLost: () => undefined }
      : { kind: "directory", path: place.BELAY_STORE_DIR },
  );
  try {
    const pulls = z.array(Pull).parse(await opened.sql(PULLS));
    const operations = z.array(OperationRow).parse(await opened.sql(OPERATIONS));
    const dispatches = z.array(Dispatch).parse(await opened.sql(DISPATCHES));
    const found = new Map<string, Operation[]>();
    for (const { id, repository_id, pull_request, comment_id, state } of operations) {
      const nonces = new Set(
        dispatches.filter(({ operation_id }) => operation_id === id).map(({ nonce }) => nonce),
      );
      const runs = [...nonces].map((nonce) => run_titles.filter((title) => title.includes(nonce)).length);
      const key = keyOf(repository_id, pull_request);
      found.set(key, [...(found.get(key) ?? []), { id, comment_id, state, runs }]);
    }
    return {
      pulls: new Map(
        pulls.map(({ repository_id, number, state, sha }) => [
          keyOf(repository_id, number),
          { state, head_sha: sha },
        ]),
      ),
      operations: found,
      guids: new Set(
        z
          .array(Guid)
          .parse(await opened.sql("select id from deliveries"))
          .map(({ id }) => id),
      ),
      unfinished: z.array(Unfinished).parse(await opened.sql(UNFINISHED)),
    };
  } finally {
    await opened.close();
  }
}

const PULLS = `
  select p.repository_id, p.number, p.state, h.sha from pull_requests p
  join lateral (select sha from pull_request_heads h where h.repository_id = p.repository_id and h.number = p.number
    order by h.changed_at desc, h.seq desc limit 1) h on true`;
const OPERATIONS = `
  select o.id, s.repository_id, o.pull_request, o.comment_id, o.state
  from operations o join sites s on s.id = o.site_id order by o.seq`;
const DISPATCHES = `
  select operation_id::text, effect ->> 'nonce' as nonce from effects where effect ->> 'kind' = 'dispatch'`;
const UNFINISHED = `
  select 'delivery ' || state as what, count(*) as count from deliveries where state <> 'done' group by 1
  union all select 'effect ' || state, count(*) from effects where state in ('pending', 'failed') group by 1`;
