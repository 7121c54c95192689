/** Work of many owners, one piece after the other: what GitHub does not answer for one of them keeps no other waiting. */
import { outageOf } from "../../core/outage.ts";
import type { Repository } from "../../ports/sites.ts";

interface Piece {
  readonly repository: Pick<Repository, "id" | "installation_id">;
}

/** Told of what could not be done. */
export type Failed = (repository_id: number, error: unknown) => void;

export interface Unanswered<T> {
  readonly piece: T;
  readonly error: unknown;
}

/**
 * @param failed told of what is a piece's own; the others are worked on all the same
 * @returns an outage of each installation that met one: the rest of its pieces was left
 */
export async function oneByOne<T extends Piece>(
  pieces: readonly T[],
  work: (piece: T) => Promise<void>,
  failed: (piece: T, error: unknown) => Promise<void> | void,
): Promise<readonly Unanswered<T>[]> {
  const outages = new Map<number, Unanswered<T>>();
  for (const piece of pieces) {
    const { installation_id } = piece.repository;
    if (outages.has(installation_id)) continue;
    try {
      await work(piece);
    } catch (error) {
      if (outageOf(error) !== null) outages.set(installation_id, { piece, error });
      else await failed(piece, error);
    }
  }
  return [...outages.values()];
}
