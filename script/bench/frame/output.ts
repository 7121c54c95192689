/** People read stderr while it works; the result is one JSON object, last on stdout. */

const started = performance.now();

/** Tells what happens now. */
export function say(sentence: string): void {
  const seconds = ((performance.now() - started) / 1000).toFixed(0).padStart(5);
  console.error(`${seconds} s  ${sentence}`);
}

export function printResult(result: object): void {
  console.log(JSON.stringify(result, null, 2));
}
