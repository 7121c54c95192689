/** Fingerprints for tests: written as rows, digested like the host does in principle. */
import fc from "fast-check";
import { sha256 } from "../../../src/core/canonical.ts";
import type { Fingerprint, Manifest, TableFingerprint } from "../../../src/core/facts.ts";
import type { DataClass } from "../../../src/core/vocabulary.ts";

export type Rows = Readonly<Record<string, string>>;
export type Parts = Readonly<Partial<Record<DataClass, Rows>>>;

const short = (text: string) => sha256(text).slice(0, 24);

/** `hashes: false` is a table too large for single hashes. */
export function part(rows: Rows, hashes = true) {
  const sorted = Object.entries(rows).sort(([a], [b]) => (a < b ? -1 : 1));
  const row_hashes = Object.fromEntries(sorted.map(([key, value]) => [key, short(value)]));
  return { rows: sorted.length, digest: sha256(JSON.stringify(sorted)), ...(hashes ? { row_hashes } : {}) };
}

export function table(
  kind: DataClass,
  parts: Parts | Rows,
  more: Partial<TableFingerprint> = {},
): TableFingerprint {
  const byClass = isParts(parts) ? parts : { [kind]: parts };
  return {
    class: kind,
    origin: "site",
    engine: "InnoDB",
    ddl: sha256("structure"),
    parts: Object.fromEntries(Object.entries(byClass).map(([name, rows]) => [name, part(rows)])),
    ...more,
  };
}

const isParts = (parts: Parts | Rows): parts is Parts =>
  Object.values(parts).some((value) => typeof value === "object");

export function files(entries: Rows, hashes = true) {
  const sorted = Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1));
  const listed = Object.fromEntries(sorted.map(([path, text]) => [path, short(text)]));
  const digest = sha256(JSON.stringify(sorted));
  return { files: sorted.length, bytes: 1, digest, ...(hashes ? { entries: listed } : {}) };
}

export function options(values: Rows, kind: DataClass = "config"): Fingerprint["options"] {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, { class: kind, hash: short(value) }]),
  );
}

export function fingerprint(more: Partial<Fingerprint> = {}): Fingerprint {
  return {
    algorithm: "sha256-rows-1",
    server_version: "10.11.6-MariaDB",
    taken_at: "2026-01-01T00:00:00Z",
    tables: {},
    options: {},
    files: {},
    code: files({ "index.php": "1" }),
    code_edits: [],
    active_release: "aaaaaaaaaaaa",
    wordpress: { version: "6.5", db_version: "57155" },
    references: {},
    ...more,
  };
}

/** A release that holds what it is told; the digests in it are not judged. */
export function manifest(tables: readonly string[] = [], rows: readonly string[] = []): Manifest {
  const held = { rows: 1, digest: sha256("rows"), ddl: sha256("structure") };
  return {
    schema: 1,
    kind: "site",
    source: { environment: "staging", url: "https://staging.acme.example", prefix: "xyz_" },
    commit: null,
    wordpress: { version: "6.5", db_version: "57155" },
    php_version: "8.2",
    plugins: {},
    themes: {},
    code: {},
    tables: Object.fromEntries(tables.map((name) => [name, held])),
    options: Object.fromEntries(rows.map((name) => [name, "0123456789abcdef"])),
  };
}

export const someRows = fc.dictionary(fc.constantFrom("1", "2", "3", "4"), fc.constantFrom("a", "b", "c"), {
  maxKeys: 4,
});

/** A part too large for single hashes, with its chunks as the host packs them (docs/fingerprint.md); keys are integers. */
export function packed(rows: Rows) {
  const sorted = Object.entries(rows)
    .map(([key, value]) => [BigInt(key), value] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const chunks = Map.groupBy(sorted, ([key]) => key >> 10n);
  let last = 0n;
  const records = [...chunks].map(([k, held]) => {
    const delta = k - last;
    last = k;
    const zigzag = delta < 0n ? -delta * 2n - 1n : delta * 2n;
    const text = held.map(([key, value]) => `${key}=${short(value)}`).join();
    return [
      ...varint(zigzag),
      ...varint(BigInt(held.length)),
      ...Buffer.from(sha256(text), "hex").subarray(0, 16),
    ];
  });
  return { ...part(rows, false), chunks: Buffer.from(records.flat()).toString("base64") };
}

function varint(value: bigint): number[] {
  return value < 128n ? [Number(value)] : [Number(value & 127n) | 128, ...varint(value >> 7n)];
}
