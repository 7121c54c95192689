/** What the store refuses or cannot do: a code, what happened and why, and what to do about it. */
export class StoreError extends Error {
  readonly code: string;
  readonly remedy: string;
  constructor(code: string, sentence: string, remedy: string, options?: ErrorOptions) {
    super(`${sentence} ${remedy}`, options);
    this.name = "StoreError";
    this.code = code;
    this.remedy = remedy;
  }
}

/** A row that a flow named and that is not there: a fault of the program, not of a person. */
export function missing(table: string, id: string): StoreError {
  return new StoreError(
    "ROW_MISSING",
    `There is no row ${id} in ${table}.`,
    "This is a fault of Belay itself.",
  );
}
