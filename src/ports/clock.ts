/** Time and ids. */

export interface Clock {
  /** ISO 8601, UTC, milliseconds. */
  now(): string;
  /** A new random UUID. */
  id(): string;
}
