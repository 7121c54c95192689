/**
 * `npm test`: every part after the other, each as its own npm script, so that any one can be run alone. The last line counts
 * the whole run: `N passed, N failed`. A part that counts nothing itself counts as one. Names of parts as arguments run only those.
 */
import { execa } from "execa";

type Count = { readonly passed: number; readonly failed: number };

/** Cheap parts first: a typing error should not wait for a laboratory. */
const PARTS = [
  "format",
  "types",
  "layers",
  "dist",
  "unit",
  "contracts",
  "python",
  "playbooks",
  "flows",
  "lab",
  "e2e",
] as const;

/** Reads the closing lines of vitest and of our own scripts. */
export function countTests(output: string, succeeded: boolean): Count {
  const text = output.replaceAll(new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, "g"), "");
  const counted = vitest(text) ?? own(text);
  if (counted === undefined) return succeeded ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
  return succeeded || counted.failed > 0 ? counted : { ...counted, failed: counted.failed + 1 };
}

function vitest(text: string): Count | undefined {
  const line = /^\s*Tests\s+(.*\d+ (?:passed|failed).*)$/m.exec(text)?.[1];
  if (line === undefined) return undefined;
  return { passed: number(/(\d+) passed/, line), failed: number(/(\d+) failed/, line) };
}

function own(text: string): Count | undefined {
  const line = [...text.matchAll(/^(\d+) passed, (\d+) failed$/gm)].at(-1);
  return line === undefined ? undefined : { passed: Number(line[1]), failed: Number(line[2]) };
}

function number(pattern: RegExp, text: string): number {
  return Number(pattern.exec(text)?.[1] ?? 0);
}

async function runPart(part: string): Promise<Count> {
  const started = Date.now();
  console.log(`\n── ${part}`);
  const result = await execa("npm", ["run", "--silent", `test:${part}`], {
    reject: false,
    all: true,
    stdin: "ignore",
    stdout: ["pipe", "inherit"],
    stderr: ["pipe", "inherit"],
  });
  const count = countTests(result.all ?? "", result.exitCode === 0);
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  console.log(`── ${part}: ${count.passed} passed, ${count.failed} failed (${seconds} s)`);
  return count;
}

if (import.meta.main) {
  const wanted = process.argv.slice(2);
  let total: Count = { passed: 0, failed: 0 };
  const summary: string[] = [];
  for (const part of PARTS.filter((name) => wanted.length === 0 || wanted.includes(name))) {
    const count = await runPart(part);
    summary.push(
      `${part.padEnd(10)} ${String(count.passed).padStart(5)} passed ${String(count.failed).padStart(5)} failed`,
    );
    total = { passed: total.passed + count.passed, failed: total.failed + count.failed };
  }
  console.log(`\n${summary.join("\n")}\n`);
  console.log(`${total.passed} passed, ${total.failed} failed`);
  process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
}
