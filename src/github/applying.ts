/** What one effect is applied with; the way of applying it stands in the file of its kind. */
import type { ResourceRow } from "../ports/queue.ts";
import type { Repository } from "../ports/sites.ts";
import type { Client } from "./client.ts";

export interface Applying {
  readonly client: Client;
  readonly repository: Repository;
  /** What an earlier effect of this stream made, if that answer arrived. */
  readonly known: Pick<ResourceRow, "external_id" | "url"> | null;
  /** Nothing of this stream was ever tried (of a run: not lately). Where a second one would do harm it is looked for all the same. */
  readonly untried: boolean;
  readonly app_id: number;
}
