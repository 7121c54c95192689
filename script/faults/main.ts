/**
 * `npm run faults -- <name> [options]`: runs script/faults/<name>/main.ts. Each tells on stderr what it breaks and prints one JSON
 * object last on stdout.
 */
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const names = readdirSync(import.meta.dirname).filter((name) => existsSync(programOf(name)));
const name = process.argv[2];
if (name === undefined || !names.includes(name)) {
  const wrong =
    name === undefined ? "Nothing was named that is to be broken." : `There are no faults "${name}".`;
  console.error(`${wrong} Type: npm run faults -- <name>, where <name> is ${names.sort().join(" or ")}.`);
  process.exitCode = 2;
} else {
  // The program finds its own options where they would stand without this one.
  process.argv.splice(1, 2, programOf(name));
  await import(pathToFileURL(programOf(name)).href);
}

function programOf(folder: string): string {
  return path.join(import.meta.dirname, folder, "main.ts");
}
