/** `.github/belay-packages.yml`: where the packages lie and what is forbidden in them. Read from the base, so that no pull request relaxes it for itself. */
import { z } from "zod";
import {
  DEFAULT_CONFIGURATION,
  Guardrail,
  PackagesConfiguration,
} from "../../core/packages/configuration.ts";
import { readFile } from "../../core/packages/reading/document.ts";
import { plainValue } from "../../core/packages/reading/node.ts";
import { ActionError } from "../error.ts";

export const CONFIGURATION_FILE = ".github/belay-packages.yml";

const File = z.strictObject({
  version: z.literal(1),
  roots: PackagesConfiguration.shape.roots,
  pointers: PackagesConfiguration.shape.pointers,
  flat_kind: PackagesConfiguration.shape.flat_kind,
  /** Absent: the layout of the specification. */
  kinds: PackagesConfiguration.shape.kinds.optional(),
  guardrails: z.array(Guardrail).default([]),
});

export interface ValidationSettings {
  readonly configuration: PackagesConfiguration;
  readonly guardrails: readonly Guardrail[];
}

/** `bytes` is null where there is no file: then the specification's layout counts. @throws ActionError PACKAGES_CONFIG_INVALID */
export function settingsFrom(bytes: Uint8Array | null): ValidationSettings {
  if (bytes === null) return { configuration: DEFAULT_CONFIGURATION, guardrails: [] };
  const file = readFile(CONFIGURATION_FILE, bytes, "yaml");
  const [problem] = file.problems;
  if (file.root === null || problem !== undefined) {
    const place = file.place(problem?.offset ?? 0);
    throw invalid(`line ${place.line}: ${problem?.sentence ?? "nothing can be read from it"}`);
  }
  const parsed = File.safeParse(plainValue(file.root));
  if (!parsed.success) {
    const issues = parsed.error.issues.map(({ path, message }) => `\`${path.join(".")}\` ${message}`);
    throw invalid(issues.slice(0, 5).join("; "));
  }
  const { guardrails, kinds, roots, pointers, flat_kind } = parsed.data;
  return {
    configuration: { roots, pointers, flat_kind, kinds: kinds ?? DEFAULT_CONFIGURATION.kinds },
    guardrails,
  };
}

const invalid = (what: string) =>
  new ActionError(
    "PACKAGES_CONFIG_INVALID",
    `${CONFIGURATION_FILE} cannot be used: ${what}.`,
    "Correct the file on the default branch.",
  );
