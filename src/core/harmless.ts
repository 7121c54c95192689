/** Whether changed paths are of no interest to any environment: workflow files and documentation are never promoted. */

const HARMLESS = [
  /^\.github\//,
  /^docs\//,
  /^[^/]*\.md$/i,
  /^LICENSE(\.[a-z]+)?$/i,
  /^\.git(ignore|attributes)$/,
];

/** `complete` is false where GitHub listed only a part of the paths: then nobody can say. */
export function touchesNothingPromoted(changed: {
  readonly paths: readonly string[];
  readonly complete: boolean;
}): boolean {
  return changed.complete && changed.paths.every((path) => HARMLESS.some((pattern) => pattern.test(path)));
}
