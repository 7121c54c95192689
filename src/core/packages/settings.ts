/** `.github/belay-packages.yml`: where packages lie, what is forbidden in them, and what follows an activation. Read from the base, so that no pull request relaxes it for itself. */
import { z } from "zod";
import { DEFAULT_CONFIGURATION, Guardrail, PackagesConfiguration } from "./configuration.ts";
import { readFile } from "./reading/document.ts";
import { plainValue } from "./reading/node.ts";

export const PACKAGES_FILE = ".github/belay-packages.yml";

/** What tells the runtime that pointers moved. The webhook's address and key are the bot operator's, never the repository's. */
const Sync = z.strictObject({
  repository_dispatch: z
    .string()
    .regex(/^[A-Za-z0-9_.-]{1,100}$/, "is not an event type: letters, digits, `_`, `.` and `-`")
    .optional(),
  workflow: z
    .string()
    .regex(/^[A-Za-z0-9_.-]+\.ya?ml$/, "is not a file name below `.github/workflows`")
    .optional(),
  webhook: z.boolean().default(false),
});
export type SyncSettings = z.infer<typeof Sync>;

const File = z.strictObject({
  version: z.literal(1),
  roots: PackagesConfiguration.shape.roots,
  pointers: PackagesConfiguration.shape.pointers,
  flat_kind: PackagesConfiguration.shape.flat_kind,
  /** Absent: the layout of the specification. */
  kinds: PackagesConfiguration.shape.kinds.optional(),
  guardrails: z.array(Guardrail).default([]),
  /** Whether an activation makes annotated tags `<id>/v<version>`. */
  tags: z.boolean().default(false),
  sync: Sync.prefault({}),
});

export interface PackagesSettings {
  readonly configuration: PackagesConfiguration;
  readonly guardrails: readonly Guardrail[];
  readonly tags: boolean;
  readonly sync: SyncSettings;
}

export const DEFAULT_SETTINGS: PackagesSettings = {
  configuration: DEFAULT_CONFIGURATION,
  guardrails: [],
  tags: false,
  sync: { webhook: false },
};

export type ParsedSettings =
  | { readonly ok: true; readonly settings: PackagesSettings }
  /** `what` ends the sentence "The file cannot be used: ...". */
  | { readonly ok: false; readonly what: string };

export function parseSettings(bytes: Uint8Array): ParsedSettings {
  const file = readFile(PACKAGES_FILE, bytes, "yaml");
  const [problem] = file.problems;
  if (file.root === null || problem !== undefined) {
    const { line } = file.place(problem?.offset ?? 0);
    return { ok: false, what: `line ${line}: ${problem?.sentence ?? "nothing can be read from it"}` };
  }
  const parsed = File.safeParse(plainValue(file.root));
  if (!parsed.success) {
    const issues = parsed.error.issues.map(({ path, message }) => `\`${path.join(".")}\` ${message}`);
    return { ok: false, what: issues.slice(0, 5).join("; ") };
  }
  const { guardrails, kinds, roots, pointers, flat_kind, tags, sync } = parsed.data;
  const configuration = { roots, pointers, flat_kind, kinds: kinds ?? DEFAULT_CONFIGURATION.kinds };
  return { ok: true, settings: { configuration, guardrails, tags, sync } };
}
