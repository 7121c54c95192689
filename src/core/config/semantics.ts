/** What the values of a configuration must be together. Each rule yields problems at paths of the file. */
import { matchesPattern, patternsMeet } from "../glob.ts";
import { ownThings } from "./distinct.ts";
import { leftOut } from "./left-out.ts";
import type { Loose } from "./loose.ts";
import type { Problem } from "./problem.ts";
import { suggest } from "./suggest.ts";

type Rule = (site: Loose) => readonly Problem[];

/** What the catalog says of tables: those that a preset protects, and those that plugins promote. */
export interface KnownTables {
  readonly protectedBy: (preset: string) => readonly string[];
  readonly promotable: readonly string[];
  /** Paths of caches and generated files. */
  readonly volatile: readonly string[];
}

/** Every rule, in the order of the file. */
export function problemsOf(site: Loose, { protectedBy, promotable, volatile }: KnownTables): Problem[] {
  const rules = [...RULES, promotedTables(protectedBy), leftOut(promotable), purgedPaths(volatile)];
  return rules.flatMap((rule) => rule(site));
}

const pathNames: Rule = ({ path, environments }) =>
  path.flatMap((name, index) => {
    const at = { path: ["path", index] };
    if (path.indexOf(name) !== index) {
      const message = `\`path\` names \`${name}\` twice; a step can be taken once.`;
      return [{ code: "path_twice", ...at, message, remedy: `Remove one \`${name}\`.` }];
    }
    if (environments.some(({ key }) => key === name)) return [];
    const known = environments.map(({ key }) => key);
    const near = suggest(name, known);
    const message = `\`path\` names \`${name}\`, which is none of the environments${near === null ? "" : `: did you mean \`${near}\`?`}`;
    const remedy =
      near === null ? `Add \`${name}\` under \`environments\`, or remove it.` : `Write \`${near}\`.`;
    return [{ code: "path_unknown", ...at, message, remedy }];
  });

/** Changes move up towards production and end there; one site has one production. */
const productionLast: Rule = ({ path, environments }) => {
  if (path.length === 0) return [];
  const typeOf = (name: string | undefined) => environments.find(({ key }) => key === name)?.type;
  const last = path.at(-1);
  const early = path.slice(0, -1).flatMap((name, index) =>
    typeOf(name) !== "production"
      ? []
      : [
          {
            code: "production_not_last",
            path: ["path", index],
            message: `\`${name}\` is of type production, but it is not the last step of \`path\`.`,
            remedy: `Move \`${name}\` to the end of \`path\`.`,
          },
        ],
  );
  const known = environments.some(({ key, type }) => key === last && type !== undefined);
  if (!known || typeOf(last) === "production") return early;
  const message = `\`path\` ends with \`${last}\`, which is not of type production.`;
  const remedy = `End \`path\` with the production environment, or write \`type: production\` for \`${last}\`.`;
  return [...early, { code: "production_not_last", path: ["path", path.length - 1], message, remedy }];
};

const oneProduction: Rule = ({ environments }) =>
  environments
    .filter(({ type }) => type === "production")
    .slice(1)
    .map(({ key }) => ({
      code: "second_production",
      path: ["environments", key, "type"],
      message: `\`${key}\` is the second environment of type production; a site has one.`,
      remedy: "Write `type: staging` or `type: clone`.",
    }));

const origins: Rule = ({ environments }) =>
  environments.flatMap(({ key, cloned_from: from }) => {
    if (from === undefined || (from !== key && environments.some((other) => other.key === from))) return [];
    const near = suggest(
      from,
      environments.map((other) => other.key).filter((name) => name !== key),
    );
    const message =
      from === key
        ? `\`${key}\` cannot be cloned from itself.`
        : `\`${key}\` is cloned from \`${from}\`, which is none of the environments.`;
    const remedy = `Write \`cloned_from: ${near ?? "production"}\`, or remove the line.`;
    return [{ code: "clone_unknown", path: ["environments", key, "cloned_from"], message, remedy }];
  });

/** A volatile path is in no fingerprint and no backup: it may lie inside protected data, but never cover it. */
const volatilePaths: Rule = ({ promotion: { files } }) =>
  files.volatile.flatMap((volatile, index) => {
    const covered = ["wp-content/uploads", ...files.protect].find(
      (path) => path === volatile || path.startsWith(`${volatile}/`),
    );
    if (covered === undefined) return [];
    const message = `\`${volatile}\` cannot be volatile: the protected \`${covered}\` lies in it and would be in no backup.`;
    const remedy =
      "Name only the folders of caches and generated files, for example `wp-content/uploads/cache`.";
    return [{ code: "volatile_covers", path: ["promotion", "files", "volatile", index], message, remedy }];
  });

/** A purge empties a folder: only what is neither data nor code. The host looks again. */
const purgedPaths =
  (known: readonly string[]): Rule =>
  ({ promotion: { files }, purge }) =>
    purge.flatMap((path, index) => {
      const inside = [...known, ...files.volatile].some(
        (volatile) => path === volatile || path?.startsWith(`${volatile}/`),
      );
      if (path === undefined || inside) return [];
      const message = `\`${path}\` is not volatile, so a purge may not empty it.`;
      const remedy = `Add it under \`promotion.files.volatile\` if it holds nothing but a cache; for a cache elsewhere name a \`command\`.`;
      return [{ code: "purge_not_volatile", path: ["purge", index, "path"], message, remedy }];
    });

const promotedTables =
  (protectedTables: (preset: string) => readonly string[]): Rule =>
  ({ promotion }) =>
    promotion.tables.promote.flatMap((pattern, index) => {
      const path = ["promotion", "tables", "promote", index];
      if (matchesPattern(pattern, "options")) {
        const message = `\`${pattern}\` matches the table \`options\`, which is never promoted as a whole.`;
        return [
          {
            code: "promotes_options",
            path,
            message,
            remedy: "Use `promotion.options.promote` for its rows.",
          },
        ];
      }
      const known = promotion.preset === undefined ? [] : protectedTables(promotion.preset);
      const hit = known.find((table) => patternsMeet(pattern, table));
      if (hit === undefined) return [];
      const message = `\`${pattern}\` would promote \`${hit}\`, which the preset \`${promotion.preset}\` protects. A site can only protect more.`;
      return [
        {
          code: "promotes_protected",
          path,
          message,
          remedy: `Remove \`${pattern}\`, or name only tables of your own.`,
        },
      ];
    });

/** What configuration packages run is an environment of this name (flows/packages). */
const reservedNames: Rule = ({ environments }) =>
  environments
    .filter(({ key }) => key === "packages")
    .map(({ key }) => ({
      code: "environment_reserved",
      path: ["environments", key],
      message: `\`${key}\` is what Belay calls the configuration packages of a repository.`,
      remedy: "Give the environment another name.",
    }));

const RULES: readonly Rule[] = [
  reservedNames,
  pathNames,
  productionLast,
  oneProduction,
  origins,
  ownThings,
  volatilePaths,
];
