/** Which environments a pull request is about: base = the target's branch, head = the source's. */
import type { Pair, SiteConfig, SiteEnvironment } from "./types.ts";

/** The environment whose branch this is, or null: then the branch is not governed. */
export function environmentForBase(config: SiteConfig, branch: string): SiteEnvironment | null {
  return Object.values(config.environments).find((environment) => environment.branch === branch) ?? null;
}

/**
 * Source and target of a pull request. No step of the path may be skipped, so each target has exactly one source:
 * the environment before it. Source of the rule: "Path" and "Environment pull request" in docs/glossary.md.
 */
export function pairFor(config: SiteConfig, baseBranch: string, headBranch: string): Pair {
  const target = environmentForBase(config, baseBranch);
  if (target === null) {
    const message = `\`${baseBranch}\` is the branch of no environment of \`${config.site}\`.`;
    const remedy = `Open the pull request against one of ${branches(config)}.`;
    return { ok: false, reason: "not_governed", message, remedy };
  }
  const step = config.path.indexOf(target.name);
  if (step < 0) {
    const message = `\`${target.name}\` is not on the path ${arrow(config)}, so nothing is promoted to it.`;
    return {
      ok: false,
      reason: "off_path",
      message,
      remedy: `Add \`${target.name}\` to \`path\` in .github/belay.yml.`,
    };
  }
  const source = config.environments[config.path[step - 1] ?? ""];
  if (step === 0 || source === undefined) {
    const message = `\`${target.name}\` is the first step of the path ${arrow(config)}: nothing is promoted to it.`;
    const remedy = "Bring code to it by deployment; promote from it.";
    return { ok: false, reason: "no_source", message, remedy };
  }
  if (source.branch === headBranch) return { ok: true, source, target };
  return wrongHead(config, { source, target, head: headBranch });
}

function wrongHead(
  config: SiteConfig,
  { source, target, head }: { source: SiteEnvironment; target: SiteEnvironment; head: string },
): Pair {
  const other = environmentForBase(config, head);
  const remedy = `Open a pull request from \`${source.branch}\` to \`${target.branch}\`.`;
  const earlier = other !== null && config.path.indexOf(other.name) >= 0;
  if (earlier && config.path.indexOf(other.name) < config.path.indexOf(source.name)) {
    const message = `\`${other.name}\` cannot be promoted straight to \`${target.name}\`: no step of the path ${arrow(config)} may be skipped.`;
    return { ok: false, reason: "skips_step", message, remedy };
  }
  const message = `Only \`${source.branch}\` merges into \`${target.branch}\`; this pull request comes from \`${head}\`.`;
  return { ok: false, reason: "wrong_head", message, remedy };
}

const arrow = (config: SiteConfig) => config.path.join(" > ");
const branches = (config: SiteConfig) =>
  config.path
    .slice(1)
    .map((name) => `\`${config.environments[name]?.branch ?? name}\``)
    .join(", ");
