/** What each environment of a site must have to itself. */
import type { Loose } from "./loose.ts";
import type { Problem } from "./problem.ts";

type Named = Loose["environments"][number];

/** Two environments may not share what one of them would overwrite. */
export const ownThings = ({ environments }: Loose): readonly Problem[] => [
  ...twice(environments, "branch", ({ branch }) => branch, "A branch stands for one environment."),
  ...twice(environments, "url", ({ url }) => url?.toLowerCase(), "Each environment has its own address."),
  ...twice(environments, "root", (one) => joined(one.host, one.root), "Each has its own folder on its host."),
  ...twice(
    environments,
    "database",
    (one) => joined(one.host, one.database.name, one.database.prefix),
    "Each has its own database or prefix.",
  ),
  ...nestedRoots(environments),
];

const joined = (...parts: readonly (string | undefined)[]) =>
  parts.includes(undefined) ? undefined : JSON.stringify(parts);

function twice(
  environments: readonly Named[],
  field: string,
  value: (one: Named) => string | undefined,
  why: string,
): Problem[] {
  return environments.flatMap((one, index) => {
    const mine = value(one);
    const first = environments.slice(0, index).find((other) => mine !== undefined && value(other) === mine);
    if (first === undefined) return [];
    const message = `\`${one.key}\` has the same ${field} as \`${first.key}\`. ${why}`;
    const remedy = `Give \`${one.key}\` a ${field} of its own.`;
    return [{ code: `same_${field}`, path: ["environments", one.key, field], message, remedy }];
  });
}

function nestedRoots(environments: readonly Named[]): Problem[] {
  return environments.flatMap((one) => {
    const outer = environments.find(
      (other) =>
        other.host === one.host && other.root !== undefined && one.root?.startsWith(`${other.root}/`),
    );
    if (outer === undefined) return [];
    const message = `The folder of \`${one.key}\` lies inside that of \`${outer.key}\`.`;
    const remedy = "Put the two side by side, for example `/srv/www/staging` and `/srv/www/production`.";
    return [{ code: "nested_root", path: ["environments", one.key, "root"], message, remedy }];
  });
}
