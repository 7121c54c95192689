/** The check of a pull request that edits `.github/belay.yml`: what is wrong with it, and what it would change. */
import { canonicalJson } from "../canonical.ts";
import type { ConfigError, ParsedSiteConfig, SiteConfig } from "../config/types.ts";
import type { CheckEffect } from "../effects.ts";
import { CHECK_LIMIT, cap } from "./cap.ts";
import { code, inert, plain } from "./escape.ts";
import { count } from "./words.ts";

export interface Proposal {
  readonly head_sha: string;
  /** Path of the file, as annotations name it. */
  readonly path: string;
  /** What holds now; null: nothing, or nothing that can be read. */
  readonly now: SiteConfig | null;
  /** What the pull request would make of it; null: it removes the file. */
  readonly proposed: ParsedSiteConfig | null;
}

const NAME = "belay / configuration";
/** As many as GitHub takes in one request: a file full of mistakes costs no more than one mistake. */
const MOST_ANNOTATIONS = 50;

export function configurationCheck({ head_sha, path, now, proposed }: Proposal): CheckEffect {
  const common = { kind: "check", head_sha, name: NAME, external_id: "belay:configuration" } as const;
  if (proposed === null) {
    const title = "Without this file Belay does nothing here";
    return { ...common, status: "completed", conclusion: "failure", title, summary: REMOVED };
  }
  if (proposed.ok) {
    const summary = cap(meaning(now, proposed.config), CHECK_LIMIT);
    return { ...common, status: "completed", conclusion: "success", title: "It can be read", summary };
  }
  const title = `It has ${count(proposed.errors.length, "error")}`;
  const summary = cap(proposed.errors.map(line).join("\n"), CHECK_LIMIT);
  const annotations = proposed.errors.slice(0, MOST_ANNOTATIONS).map((error) => annotation(path, error));
  return { ...common, status: "completed", conclusion: "failure", title, summary, annotations };
}

const REMOVED =
  "Merged, this leaves the site without a configuration: every command is refused, and the checks of environment pull requests wait.";

const line = ({ line: at, message, remedy }: ConfigError): string =>
  `- line ${at}: ${inert(message)} ${inert(remedy)}`.trimEnd();

function annotation(path: string, { line: at, column, code: title, message, remedy }: ConfigError) {
  const place = { path, start_line: at, end_line: at, start_column: column, end_column: column };
  const words = plain(`${message} ${remedy}`, 2_000).replaceAll("`", "");
  return { ...place, annotation_level: "failure", title, message: words } as const;
}

/** What begins to hold with the merge, key by key; environments by their names. */
function meaning(now: SiteConfig | null, proposed: SiteConfig): string {
  if (now === null)
    return "With the merge this site is set up: commands work on its environment pull requests.";
  const { environments: before, ...rest } = now;
  const { environments: after, ...others } = proposed;
  const changes = [
    ...changed(before, after).map((change) => `environment ${change}`),
    ...changed(rest, others),
  ];
  if (changes.length === 0) return "Nothing that Belay reads changes.";
  const list = changes.map((change) => `- ${change}`).join("\n");
  return `With the merge this changes:\n\n${list}\n\nOperations under way then stop before they change anything: they were judged by what holds now.`;
}

function changed(before: object, after: object): readonly string[] {
  const old = new Map<string, unknown>(Object.entries(before));
  const next = new Map<string, unknown>(Object.entries(after));
  const added = [...next.keys()].filter((key) => !old.has(key)).map((key) => `${code(key)} is new`);
  const removed = [...old.keys()].filter((key) => !next.has(key)).map((key) => `${code(key)} goes`);
  const other = [...next]
    .filter(([key, value]) => old.has(key) && text(old.get(key)) !== text(value))
    .map(([key]) => `${code(key)} is another`);
  return [...added, ...removed, ...other];
}

const text = (value: unknown): string => canonicalJson(JSON.parse(JSON.stringify(value ?? null)));
