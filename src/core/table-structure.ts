/** What a table is made of, as its host reads it. The bot only carries it from one host to another, which compares. */
import { z } from "zod";

/** Named without prefix. `type`, `default` and `extra` are as the database server writes them; a default is an expression. */
export const TableStructure = z.object({
  table: z.string(),
  engine: z.string().nullable(),
  collation: z.string().nullable(),
  columns: z.array(
    z.object({
      name: z.string(),
      type: z.string(),
      nullable: z.boolean(),
      default: z.string().nullable(),
      extra: z.string(),
      collation: z.string().nullable(),
    }),
  ),
  /** `columns`: a name, or `name(12)` where only the beginning of its values counts. */
  indexes: z.array(z.object({ name: z.string(), unique: z.boolean(), columns: z.array(z.string()) })),
});
export type TableStructure = z.infer<typeof TableStructure>;
