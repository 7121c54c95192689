/** A repository as GitHub's API addresses it. */
import type { Repository } from "../ports/sites.ts";

export function nameOf(repository: Repository): { owner: string; repo: string } {
  return { owner: repository.owner, repo: repository.name };
}
