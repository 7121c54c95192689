/**
 * `npm run bench -- <name> [options]`: runs script/bench/<name>/main.ts. Each benchmark tells on stderr what it does and prints
 * one JSON object last on stdout.
 */
import { pathToFileURL } from "node:url";
import { chooseBenchmark } from "./frame/choose.ts";

const chosen = chooseBenchmark(import.meta.dirname, process.argv[2]);
if (typeof chosen === "string") {
  console.error(chosen);
  process.exitCode = 2;
} else {
  // The benchmark finds its own options where they would stand without this program.
  process.argv.splice(1, 2, chosen.program);
  await import(pathToFileURL(chosen.program).href);
}
