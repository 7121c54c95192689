/** Every rule that judges one release, and what each rule that can stand in a finding demands. */
import type { ReleaseRule } from "../context.ts";
import { artifactPath } from "./artifact-path.ts";
import { authority } from "./authority.ts";
import { bind } from "./bind.ts";
import { folderVersion } from "./folder-version.ts";
import { guardrail } from "./guardrail.ts";
import { manifestField } from "./manifest-field.ts";
import { manifestIdentity } from "./manifest-identity.ts";
import { pgcContext } from "./pgc-context.ts";
import { promptOutput } from "./prompt-output.ts";
import { READ_RULES, readable } from "./readable.ts";
import { reference } from "./reference.ts";
import { requiredFile } from "./required-file.ts";
import { sameVersion } from "./same-version.ts";
import { schemaPattern } from "./schema-pattern.ts";
import { schemaReference } from "./schema-reference.ts";
import { schemaValid } from "./schema-valid.ts";
import { sourcePointer } from "./source-pointer.ts";
import { versionBump } from "./version-bump.ts";

export const RELEASE_RULES: readonly ReleaseRule[] = [
  readable,
  folderVersion,
  requiredFile,
  manifestField,
  manifestIdentity,
  sameVersion,
  artifactPath,
  schemaValid,
  schemaReference,
  schemaPattern,
  sourcePointer,
  bind,
  reference,
  promptOutput,
  authority,
  pgcContext,
  guardrail,
  versionBump,
];

/** Rules about the whole change. */
const OTHER_RULES: Readonly<Record<string, string>> = {
  "file-kind": "Packages hold plain files: no symbolic links, no submodules.",
  "file-name": "Names are UTF-8, and no two differ only in case.",
  immutable: "A released version is never changed; a fix is a new version.",
  "pointer-file": "The pointer file gives each package one version.",
  "pointer-target": "Every pointer leads to a version that is in the repository.",
  "pointer-preview": "A pre-release is never activated.",
  "required-input": "Everything that an active package requires is active.",
  "requires-itself": "No package requires itself, directly or through others.",
};

/** Rule -> what it demands. A guardrail's findings carry `guardrail/<id>`. */
export const RULES: ReadonlyMap<string, string> = new Map([
  ...Object.entries(READ_RULES).map(([id, { demands }]) => [id, demands] as const),
  ...RELEASE_RULES.filter(({ id }) => id !== "readable").map(({ id, demands }) => [id, demands] as const),
  ...Object.entries(OTHER_RULES),
]);
