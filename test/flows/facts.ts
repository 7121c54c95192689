/** What a host tells of the two environments of the stories, in the words of core/facts.ts. */
import { sha256 } from "../../src/core/canonical.ts";
import type { Facts, Fingerprint } from "../../src/core/facts.ts";
import { files, fingerprint, manifest, options, table } from "../unit/wordpress/facts.ts";

export const POSTS = { "1": "Hello", "2": "About" };

/** An environment; `posts` are protected by both presets, `acme_widgets` is promoted by the configuration. */
export function measured(more: {
  readonly posts?: Readonly<Record<string, string>>;
  readonly widgets?: Readonly<Record<string, string>>;
  readonly theme?: string;
  readonly release?: string;
}): Fingerprint {
  return fingerprint({
    tables: {
      posts: table("editorial", more.posts ?? POSTS),
      acme_widgets: table("config", more.widgets ?? { "1": "old" }),
    },
    options: options({ theme_mods_acme: "plain" }),
    code: files({ "index.php": more.theme ?? "old theme" }),
    active_release: more.release ?? "aaaaaaaaaaaa",
  });
}

/** What a host tells that finds nothing to compare row by row. */
export const NOT_COMPARED = { differences: { tables: {}, files: {}, code: null }, option_values: {} };

export const RELEASE = sha256("a release");

export function built(source: Fingerprint, commit: string): Facts["release_build"] {
  const made = { ...manifest(["acme_widgets"]), commit };
  return {
    release: { digest: RELEASE, bytes: 1000, reused: false, manifest: made },
    fingerprint: source,
    ...NOT_COMPARED,
  };
}

export function backedUp(taken_at: string): Facts["backup_create"] {
  const verified = { tables: 2, rows: 3, moving_rows: 0, files: 1 };
  return {
    backup: {
      snapshot: "5f2c",
      scope: "full",
      taken_at,
      bytes: 5000,
      tables: 2,
      rows: 3,
      files: 1,
      verified,
    },
  };
}

export function switched(source: Fingerprint): Facts["env_promote"] {
  const { acme_widgets } = source.tables;
  if (acme_widgets === undefined) throw new Error("the story's source has no acme_widgets");
  return {
    activated: true,
    rolled_back: false,
    release: RELEASE.slice(0, 12),
    previous_release: "aaaaaaaaaaaa",
    switch: { hold_ms: 41, rename_ms: 3, attempts: 1, tables: 2, merged_rows: 1 },
    health: [{ check: "GET /", ok: true, detail: "200, 5120 bytes", seconds: 0.1 }],
    promoted: { tables: { acme_widgets }, options: {}, code: source.code },
  };
}

/** What a runner answers to the refresh of an empty staging. */
export const firstClone = (production: Fingerprint) => ({
  drift_check: ({ target_environment }: Readonly<Record<string, unknown>>) => ({
    facts: { ...NOT_COMPARED, fingerprint: target_environment === "production" ? production : null },
  }),
  env_refresh: () => ({ facts: { target: production, source: production, tables: [], files: 0 } }),
});
