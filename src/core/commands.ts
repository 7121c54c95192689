/**
 * Commands in a comment. One stands alone on a line, outside quotes, code, HTML comments and HTML blocks; prose and paths
 * are no commands. Everything further in sees only the closed union `Command`.
 */
import { suggest } from "./config/suggest.ts";
import { visibleLines } from "./markdown.ts";

/** Words that do something in this version. */
export const COMMANDS = [
  "promote",
  "plan",
  "drift",
  "backup",
  "refresh",
  "baseline",
  "approve",
  "rollback",
  "stage",
  "activate",
  "veto",
  "cancel",
  "lock",
  "unlock",
  "status",
  "help",
] as const;
export type CommandWord = (typeof COMMANDS)[number];

/** Commands to come: whoever types one is told that it is not available yet, and gets no guess at a misspelling. */
export const LATER_COMMANDS = ["rehearse", "freeze", "unfreeze", "checked", "dev-only"] as const;
/** Later words whose argument is a reason in free words. */
const WITH_REASON: readonly string[] = ["freeze"];
/** Longer reasons are cut. */
const REASON_LIMIT = 200;

export type Command =
  | { readonly kind: "promote"; readonly sha: string | null }
  /** `release`: the first digits of the release that is meant, at least 12; null: the one that was shown last. */
  | { readonly kind: "approve"; readonly what: "promote" | "rollback"; readonly release: string | null }
  /** `full`: every file is read, whatever the host remembers. */
  | { readonly kind: "drift"; readonly full: boolean }
  /** `accept`: the first 12 digits of the comparison that is declared to be the baseline; null: compare only. */
  | { readonly kind: "baseline"; readonly accept: string | null }
  /** `packages`: whose pointers go back; absent: the environment goes back. */
  | { readonly kind: "rollback"; readonly packages?: readonly NamedPackage[] }
  | {
      readonly kind: Exclude<
        CommandWord,
        "promote" | "approve" | "drift" | "baseline" | "rollback" | "veto" | "lock"
      >;
    }
  /** Nobody may activate this version of a package any more; `lift`: they may again. */
  | {
      readonly kind: "veto";
      readonly lift: boolean;
      readonly package: { readonly name: string; readonly version: string };
      readonly reason: string;
    }
  | { readonly kind: "lock"; readonly reason: string }
  | { readonly kind: "not_available"; readonly word: (typeof LATER_COMMANDS)[number] }
  | { readonly kind: "bad_argument"; readonly word: CommandWord; readonly argument: string }
  | { readonly kind: "unknown"; readonly word: string; readonly suggestion: CommandWord | null };

/** `discovery`, `discovery@1.4.0`, or with where it lies: `document_types:discovery@1.4.0`. */
export interface NamedPackage {
  readonly name: string;
  /** Null: the version that was active before. */
  readonly version: string | null;
}

/** More are as good as this many: a comment is to have one. */
const MOST_COMMANDS = 10;

/** The first commands of a comment in their order; usually one or none. Anybody may comment, so this is linear in the text. */
export function parseCommands(body: string): readonly Command[] {
  const commands: Command[] = [];
  for (const line of visibleLines(body)) {
    const command = parseLine(line);
    if (command !== null) commands.push(command);
    if (commands.length === MOST_COMMANDS) break;
  }
  return commands;
}

const LINE = /^ {0,3}\/([A-Za-z][A-Za-z-]*)(?:[ \t]+(.*))?$/;
const SIMPLE_ARGUMENT = /^[A-Za-z0-9._:@#=-]+$/;
const PACKAGE_ARGUMENT = /^[A-Za-z0-9._:/+-]+(?:@[A-Za-z0-9.+-]+)?$/;
const VERSION = /^\d+\.\d+\.\d+(?:-[A-Za-z0-9.-]+)?$/;
const MOST_PACKAGES = 50;

function parseLine(line: string): Command | null {
  const found = LINE.exec(line);
  const word = found?.[1]?.toLowerCase();
  if (word === undefined) return null;
  const text = found?.[2] ?? "";
  const rest = text.split(/[ \t]+/).filter((part) => part !== "");
  const later = LATER_COMMANDS.find((known) => known === word);
  if (later !== undefined && WITH_REASON.includes(later)) return { kind: "not_available", word: later };
  if (word === "rollback" && isPackageList(rest)) return rollback(rest);
  if (word === "lock") return { kind: "lock", reason: text.slice(0, REASON_LIMIT).trimEnd() };
  if (word === "veto") return veto(rest);
  if (rest.length > 2 || !rest.every((part) => SIMPLE_ARGUMENT.test(part))) return null;
  if (later !== undefined) return { kind: "not_available", word: later };
  const known = COMMANDS.find((command) => command === word);
  if (known === undefined) return { kind: "unknown", word, suggestion: closest(word) };
  return withArguments(known, rest);
}

function withArguments(word: CommandWord, rest: readonly string[]): Command {
  const [first, second] = rest;
  if (word === "approve") return approval(rest);
  if (word === "drift") return drift(rest);
  if (word === "baseline") return baseline(rest);
  if (word === "lock") return { kind: "lock", reason: rest.join(" ") };
  if (word === "veto") return veto(rest);
  if (word !== "promote") {
    return first === undefined ? { kind: word } : { kind: "bad_argument", word, argument: rest.join(" ") };
  }
  if (first === undefined) return { kind: "promote", sha: null };
  const isSha = /^[0-9a-f]{7,40}$/i.test(first) && second === undefined;
  if (!isSha) return { kind: "bad_argument", word, argument: rest.join(" ") };
  return { kind: "promote", sha: first.toLowerCase() };
}

/** One package and its version, or packages; from the third word on each names its version, or the line would be prose. */
function isPackageList(rest: readonly string[]): boolean {
  if (rest.length === 0 || rest.length > MOST_PACKAGES) return false;
  if (!rest.every((part) => PACKAGE_ARGUMENT.test(part))) return false;
  return rest.length <= 2 || rest.every((part) => part.includes("@"));
}

function rollback(rest: readonly string[]): Command {
  const [first = "", second] = rest;
  if (second !== undefined && VERSION.test(second) && !first.includes("@")) {
    return { kind: "rollback", packages: [{ name: first, version: second }] };
  }
  const packages = rest.map((part) => {
    const [name = "", version = null] = part.split("@");
    return { name, version };
  });
  return { kind: "rollback", packages };
}

/** `discovery@1.5.0 why`, `discovery 1.5.0 why`, and both with `lift` before them. */
function veto(rest: readonly string[]): Command {
  const lift = rest[0]?.toLowerCase() === "lift" && rest.length > 1;
  const [first = "", ...more] = lift ? rest.slice(1) : rest;
  const [name = "", written] = first.split("@");
  const version = written ?? more[0] ?? "";
  const reason = (written === undefined ? more.slice(1) : more).join(" ").slice(0, REASON_LIMIT);
  if (!PACKAGE_ARGUMENT.test(first) || !VERSION.test(version))
    return { kind: "bad_argument", word: "veto", argument: rest.join(" ").slice(0, REASON_LIMIT) };
  return { kind: "veto", lift, package: { name, version }, reason };
}

function approval(rest: readonly string[]): Command {
  const [first, second] = rest;
  if (second !== undefined) return { kind: "bad_argument", word: "approve", argument: rest.join(" ") };
  if (first === undefined) return { kind: "approve", what: "promote", release: null };
  if (first.toLowerCase() === "rollback") return { kind: "approve", what: "rollback", release: null };
  if (!/^[0-9a-f]{12,64}$/i.test(first)) return { kind: "bad_argument", word: "approve", argument: first };
  return { kind: "approve", what: "promote", release: first.toLowerCase() };
}

function drift(rest: readonly string[]): Command {
  const full = rest.length === 1 && rest[0]?.toLowerCase() === "--full";
  if (rest.length > 0 && !full) return { kind: "bad_argument", word: "drift", argument: rest.join(" ") };
  return { kind: "drift", full };
}

function baseline(rest: readonly string[]): Command {
  const [first, second] = rest;
  if (first === undefined) return { kind: "baseline", accept: null };
  const named = second !== undefined && /^[0-9a-f]{12}$/i.test(second);
  if (first.toLowerCase() === "accept" && named) return { kind: "baseline", accept: second.toLowerCase() };
  return { kind: "bad_argument", word: "baseline", argument: rest.join(" ") };
}

/** The command that was probably meant. */
function closest(word: string): CommandWord | null {
  const near = suggest(word, COMMANDS);
  return COMMANDS.find((command) => command === near) ?? null;
}
