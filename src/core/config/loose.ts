/** What can be read of a configuration although parts of it are wrong: so that all errors are told at once. */
import { z } from "zod";
import { MOST_NAMES } from "./texts.ts";

const name = z.string().optional().catch(undefined);
/** More than this is an error of the list as a whole (schema.ts), so nothing is compared without end. */
const names = z
  .array(z.string())
  .transform((all) => all.slice(0, MOST_NAMES))
  .catch([]);

const LooseEnvironment = z.object({
  type: name,
  branch: name,
  url: name,
  host: name,
  root: name,
  cloned_from: name,
  database: z.object({ name, prefix: name }).catch({ name: undefined, prefix: undefined }),
});

const NOTHING = { tables: { promote: [] }, files: { protect: [], volatile: [], shared: [] } };
const Promotion = z.object({
  preset: name,
  tables: z.object({ promote: names }).catch(NOTHING.tables),
  files: z.object({ protect: names, volatile: names, shared: names }).catch(NOTHING.files),
});

const LeaveOut = z.object({ tables: names, files: names }).catch({ tables: [], files: [] });

export const Loose = z.object({
  path: names,
  environments: z
    .record(z.string(), LooseEnvironment.nullable().catch(null))
    .transform((all) =>
      Object.entries(all)
        .slice(0, MOST_NAMES)
        .flatMap(([key, value]) => (value === null ? [] : [{ key, ...value }])),
    )
    .catch([]),
  promotion: Promotion.catch({ preset: undefined, ...NOTHING }),
  /** Paths of purge steps, in their order. */
  purge: z
    .array(
      z
        .object({ path: name })
        .catch({ path: undefined })
        .transform(({ path }) => path),
    )
    .catch([]),
  refresh: z.object({ leave_out: LeaveOut }).catch({ leave_out: { tables: [], files: [] } }),
});
export type Loose = z.infer<typeof Loose>;

/** Null where the file is not even a block of keys. */
export function looselyRead(data: unknown): Loose | null {
  const read = Loose.safeParse(data);
  return read.success ? read.data : null;
}
