/** The validation of configuration packages: a commit's files in, a report out. Reads only through the views; nothing in here throws for what a file holds. */
import { changedReleases, packageChanges } from "./change-report.ts";
import type { Guardrail, PackagesConfiguration } from "./configuration.ts";
import type { PreparedGuardrail, Surroundings } from "./context.ts";
import { filesOf, inOrder } from "./files.ts";
import { searcherOf } from "./patterns/search.ts";
import { PatternError } from "./patterns/syntax.ts";
import { type PointerFile, readPointers } from "./pointers/read.ts";
import { proposedPointers } from "./proposal.ts";
import { referencesOf } from "./references.ts";
import { keyOf, nameOf, packageKey, type Release, repositoryOf } from "./repository.ts";
import { RELEASE_RULES } from "./rules/all.ts";
import { inputFindings, type Need, needsOf, targetFindings } from "./rules/closure.ts";
import { folderVersion } from "./rules/folder-version.ts";
import { readFindings } from "./rules/readable.ts";
import { reference } from "./rules/reference.ts";
import { treeFindings } from "./rules/tree.ts";
import type { Finding, TreeView, ValidationInput, ValidationReport } from "./types.ts";

/** @throws GuardrailError where a guardrail's pattern cannot be searched for: the policy is wrong, and must block */
export function validate(input: ValidationInput): ValidationReport {
  const { configuration } = input;
  const head = surroundings(configuration, input.head, input.guardrails);
  const difference = input.base === null ? null : changedReleases(head.repository, input.base, configuration);
  const base =
    input.base === null || difference === null
      ? null
      : surroundings(configuration, { entries: difference.base, read: input.base.read }, []);
  const wanted = input.scope === "changed" && difference !== null ? difference.releases : null;
  const pointers = configuration.roots.map((root) => readPointers(head, root));
  const before = base === null ? pointers : configuration.roots.map((root) => readPointers(base, root));
  const changes =
    base === null || difference === null ? null : packageChanges({ head, base, difference, before, input });
  const proposal = proposedPointers({
    input,
    repository: head.repository,
    pointers,
    before,
    packages: changes?.packages ?? [],
  });
  const judged = releaseFindings(head, wanted, proposal.active);
  const others = activeFindings(head, proposal.active, wanted);
  const findings = [
    ...treeFindings(
      head.repository,
      (entry) => wanted === null || difference?.files.has(entry.path) === true,
    ),
    ...pointers.flatMap((file) => pointerFindings(head, file)),
    ...(changes?.findings ?? []),
    ...proposal.findings,
    ...judged.findings,
    ...inputFindings(proposal.active, [...judged.needs, ...others.needs]),
    ...others.findings,
  ];
  return reportOf(findings, { head, wanted, packages: changes?.packages ?? [], pointers: proposal.changes });
}

export class GuardrailError extends Error {
  readonly code = "PACKAGES_GUARDRAIL_INVALID";
}

function surroundings(
  configuration: PackagesConfiguration,
  view: TreeView,
  guardrails: readonly Guardrail[],
): Surroundings {
  return {
    configuration,
    repository: repositoryOf(view.entries, configuration),
    files: filesOf(view.read),
    references: referencesOf(configuration),
    guardrails: guardrails.map(prepare),
  };
}

function prepare(guardrail: Guardrail): PreparedGuardrail {
  try {
    return { guardrail, searcher: searcherOf(guardrail.pattern, guardrail.ignore_case) };
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    throw new GuardrailError(
      `The guardrail \`${guardrail.id}\` of the policy cannot be searched for: its pattern has ${error.message}.`,
    );
  }
}

function pointerFindings(head: Surroundings, pointers: PointerFile): readonly Finding[] {
  const unread = pointers.file === null ? [] : readFindings(pointers.file);
  return [...unread, ...pointers.findings, ...targetFindings(head, pointers)];
}

interface Found {
  readonly findings: readonly Finding[];
  /** What the active ones among them require. */
  readonly needs: readonly Need[];
}

/** One release after the other; where all are judged, only the last one is kept, with which the next is compared. */
function releaseFindings(
  head: Surroundings,
  wanted: ReadonlySet<string> | null,
  active: ReadonlyMap<string, string>,
): Found {
  const findings: Finding[] = [];
  const needs: Need[] = [];
  for (const release of inPackages(head, wanted)) {
    const context = { ...head, release };
    // Where the folder has no version nothing else can be judged.
    for (const rule of release.parsed === null ? [folderVersion] : RELEASE_RULES) {
      if (release.kind.without_rules.includes(rule.id)) continue;
      for (const finding of rule.check(context)) findings.push(finding);
    }
    if (active.get(packageKey(nameOf(release))) === release.version) needs.push(...needsOf(context));
    if (wanted === null) head.files.keep(new Set(release.files.values()));
  }
  return { findings, needs };
}

/** The wanted releases, those of one package after each other, the earliest first. */
function inPackages({ repository }: Surroundings, wanted: ReadonlySet<string> | null): readonly Release[] {
  const order = new Map<string, Release[]>();
  for (const release of repository.releases.values()) {
    if (wanted !== null && !wanted.has(keyOf(release))) continue;
    const key = packageKey(nameOf(release));
    const list = order.get(key);
    if (list === undefined) order.set(key, [release]);
    else list.push(release);
  }
  const known = (release: Release) => repository.versions(packageKey(nameOf(release)));
  return [...order.values()].flatMap((list) => {
    const first = list[0];
    const versions = first === undefined ? [] : known(first).filter((release) => list.includes(release));
    return [...versions, ...list.filter(({ parsed }) => parsed === null)];
  });
}

/** What the active releases that the change does not touch need: it may have taken something away from them. */
function activeFindings(
  head: Surroundings,
  active: ReadonlyMap<string, string>,
  wanted: ReadonlySet<string> | null,
): Found {
  const needs: Need[] = [];
  const findings: Finding[] = [];
  for (const [key, version] of wanted === null ? [] : active) {
    const release = head.repository.releases.get(`${key}\0${version}`);
    if (release === undefined || wanted?.has(keyOf(release)) === true) continue;
    const context = { ...head, release };
    needs.push(...needsOf(context));
    findings.push(...reference.check(context));
    head.files.forget(release.files.values());
  }
  return { findings, needs };
}

interface Judged {
  readonly head: Surroundings;
  readonly wanted: ReadonlySet<string> | null;
  readonly packages: ValidationReport["packages"];
  readonly pointers: ValidationReport["pointers"];
}

function reportOf(found: readonly Finding[], { head, wanted, packages, pointers }: Judged): ValidationReport {
  const findings = inOrder(found);
  const errors = findings.filter(({ severity }) => severity === "error").length;
  return {
    schema: 1,
    valid: errors === 0,
    errors,
    warnings: findings.length - errors,
    findings,
    packages,
    pointers,
    checked: {
      releases: wanted === null ? head.repository.releases.size : wanted.size,
      files: head.files.count(),
    },
  };
}
