/** The packages' settings for a run without the bot: read from the base, or the specification's layout where there is no file. */
import {
  DEFAULT_SETTINGS,
  PACKAGES_FILE,
  type PackagesSettings,
  parseSettings,
} from "../../core/packages/settings.ts";
import { ActionError } from "../error.ts";

export const CONFIGURATION_FILE = PACKAGES_FILE;

export type ValidationSettings = Pick<PackagesSettings, "configuration" | "guardrails">;

/** `bytes` is null where there is no file: then the specification's layout counts. @throws ActionError PACKAGES_CONFIG_INVALID */
export function settingsFrom(bytes: Uint8Array | null): ValidationSettings {
  if (bytes === null) return { configuration: DEFAULT_SETTINGS.configuration, guardrails: [] };
  const parsed = parseSettings(bytes);
  if (!parsed.ok) {
    throw new ActionError(
      "PACKAGES_CONFIG_INVALID",
      `${CONFIGURATION_FILE} cannot be used: ${parsed.what}.`,
      "Correct the file on the default branch.",
    );
  }
  const { configuration, guardrails } = parsed.settings;
  return { configuration, guardrails };
}
