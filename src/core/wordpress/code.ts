/**
 * The code tree, file by file: who changed what since the baseline. A release's code tree replaces production's as a whole, so a
 * file that production changed is never kept beside it: it stops the promotion (docs/decisions/0006-code-is-kept-by-stopping.md).
 */
import { sha256 } from "../canonical.ts";
import type { FilesFingerprint, Manifest, RowChanges } from "../facts.ts";
import type { CodeAction, CodeChange, CodeChanges, PlanInput, RowChange, Sides } from "./types.ts";

const MAX_FILES = 1000;
const SHORT = 24;

type Change = RowChange["change"];
type Listing = ReadonlyMap<string, string>;

export function codeChanges(input: PlanInput): CodeChanges {
  const sides = {
    source: sourceNow(input),
    target: listingOf(input.now.target.code),
  };
  const changed = { source: changedBy(input, "source"), target: changedInProduction(input) };
  const differing = sides.target === null ? changed.source.files : differences(sides.target, sides.source);
  const paths = [...new Set([...differing.keys(), ...changed.target.files.keys()])].sort();
  const all = paths.map((path): CodeChange => {
    const who = {
      source: changed.source.files.get(path) ?? null,
      target: changed.target.files.get(path) ?? null,
    };
    const there = sides.target?.has(path) ?? false;
    // A file that production is told to have changed and that no list has is held by nobody.
    const alike =
      sides.target !== null &&
      sides.source.get(path) === sides.target.get(path) &&
      (there || who.target === "-" || who.target === null);
    const unsure = who.source === null && !changed.source.complete;
    return { path, ...who, action: actionOf(who, { alike, unsure }) };
  });
  const of = (action: CodeAction) => all.filter((one) => one.action === action);
  const ordered = [...of("conflict"), ...of("keep"), ...of("same"), ...of("promote")];
  return {
    files: ordered.slice(0, MAX_FILES),
    counts: {
      promote: of("promote").length,
      keep: of("keep").length,
      conflict: of("conflict").length,
      same: of("same").length,
    },
    complete: sides.target !== null && changed.target.complete,
  };
}

/** `unsure`: nobody can tell whether the source changed it. Then production's change may not be undone without a person. */
function actionOf(
  { source, target }: Pick<CodeChange, "source" | "target">,
  { alike, unsure }: { readonly alike: boolean; readonly unsure: boolean },
): CodeAction {
  if (target === null) return "promote";
  if (alike) return "same";
  return source !== null || unsure ? "conflict" : "keep";
}

/**
 * What differs in production from its active release. Where production runs another release than at the baseline, also what
 * that one brought: the source does not know of it.
 */
function changedInProduction(input: PlanInput): Changed {
  const { baseline, now } = input;
  const edits = new Map(now.target.code_edits.map(({ path, change }) => [path, SIGNS[change]]));
  if (!movedOn(input) || baseline.target.code.digest === now.target.code.digest)
    return { files: edits, complete: true };
  const brought = changedBy(input, "target");
  return { files: new Map([...brought.files, ...edits]), complete: brought.complete };
}

const SIGNS = { added: "+", changed: "~", removed: "-" } as const;

/** Whether production runs another release than the one that the source was cloned from, or that Belay put there. */
export const movedOn = ({ baseline, now }: PlanInput): boolean =>
  baseline.target.active_release !== now.target.active_release;

interface Changed {
  readonly files: ReadonlyMap<string, Change>;
  /** False: more files may have changed than are listed. */
  readonly complete: boolean;
}

/** What a side changed since its own baseline: from the lists, or as its host told. */
function changedBy(input: PlanInput, side: keyof Sides): Changed {
  const [before, now] = [input.baseline[side].code, input.now[side].code];
  if (before.digest === now.digest) return { files: new Map(), complete: true };
  const was = listingOf(before);
  const is = side === "source" ? sourceNow(input) : listingOf(now);
  if (was !== null && is !== null) return { files: differences(was, is), complete: true };
  return toldBy(input.compared[side]?.differences.code ?? null);
}

function toldBy(told: RowChanges | null): Changed {
  if (told === null) return { files: new Map(), complete: false };
  const files = new Map(told.keys.map(({ key, change }) => [key, change]));
  return { files, complete: files.size === told.added + told.changed + told.removed };
}

function differences(before: Listing, now: Listing): ReadonlyMap<string, Change> {
  const all = new Set([...before.keys(), ...now.keys()]);
  const changes = [...all].flatMap((path): (readonly [string, Change])[] => {
    const [was, is] = [before.get(path), now.get(path)];
    if (was === is) return [];
    return [[path, was === undefined ? "+" : is === undefined ? "-" : "~"]];
  });
  return new Map(changes);
}

const listingOf = ({ entries, files }: FilesFingerprint): Listing | null => {
  if (entries === undefined) return files === 0 ? new Map() : null;
  return new Map(Object.entries(entries));
};

/** The release lists every file of the source; a fingerprint only says less of it. */
function sourceNow({ now, manifest }: PlanInput): Listing {
  return listingOf(now.source.code) ?? fromManifest(manifest);
}

/** As a fingerprint shortens it: a link by the digest of what it says. */
function fromManifest({ code }: Manifest): Listing {
  const short = (value: string) => (value.startsWith("link:") ? sha256(value) : value).slice(0, SHORT);
  return new Map(Object.entries(code).map(([path, value]) => [path, short(value)]));
}
