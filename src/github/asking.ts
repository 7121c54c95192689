/** How a read is asked: with the client of the repository's installation, patiently, and with words for what was asked. */
import type { Repository } from "../ports/sites.ts";
import type { Client } from "./client.ts";

type Ask<Else> = <T>(
  repository: Repository,
  /** Ends the sentence "GitHub did not let Belay ...". */
  doing: string,
  request: (client: Client) => Promise<T>,
) => Promise<T | Else>;

export interface Asking {
  readonly ask: Ask<never>;
  /** Null: a definite "there is none". */
  readonly orNull: Ask<null>;
  readonly nameOf: (repository: Repository) => { owner: string; repo: string };
}
