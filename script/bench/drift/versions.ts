/** Versions of what took part. */
import { execa } from "execa";
import { PYTHON } from "./bench.ts";

const ASK: Readonly<Record<string, readonly [string, ...string[]]>> = {
  mariadb: ["/usr/sbin/mariadbd", "--version"],
  php: ["php", "-r", "echo PHP_VERSION;"],
  python: [PYTHON, "--version"],
  pt_table_checksum: ["pt-table-checksum", "--version"],
  b3sum: ["b3sum", "--version"],
  rsync: ["rsync", "--version"],
};

export async function versions(): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const [name, [file, ...rest]] of Object.entries(ASK)) {
    const { stdout } = await execa(file, rest);
    found[name] = /\d+\.\d[^\s,]*/.exec(stdout)?.[0] ?? "unknown";
  }
  return found;
}
