/** What `refresh.leave_out` may name: nothing that a copy needs, and nothing that could travel back as missing. */
import { matchesPattern, patternsMeet } from "../glob.ts";
import type { Loose } from "./loose.ts";
import type { Problem } from "./problem.ts";

const NEEDED = ["options", "users", "usermeta"];
const AT = ["refresh", "leave_out"];

/** @param promotable tables and patterns that plugins of the catalog promote */
export const leftOut =
  (promotable: readonly string[]) =>
  (site: Loose): readonly Problem[] => [...tables(site, promotable), ...files(site)];

function tables({ promotion, refresh }: Loose, promotable: readonly string[]): Problem[] {
  return refresh.leave_out.tables.flatMap((pattern, index) => {
    const path = [...AT, "tables", index];
    const needed = NEEDED.find((table) => matchesPattern(pattern, table));
    if (needed !== undefined) {
      const message = `\`${pattern}\` would leave out \`${needed}\`, without which nobody could use the copy.`;
      const remedy =
        needed === "options"
          ? "Name other tables; a copy keeps its own settings anyway."
          : "Write `personal_data: mask` to change the people in it.";
      return [{ code: "leaves_out_needed", path, message, remedy }];
    }
    const promoted = [...promotion.tables.promote, ...promotable].find((other) =>
      patternsMeet(pattern, other),
    );
    if (promoted === undefined) return [];
    const message = `\`${pattern}\` would leave out the promotable \`${promoted}\`: the next promotion could empty it in production.`;
    const remedy = "Name only tables of protected data, for example `gf_entry*`.";
    return [{ code: "leaves_out_promoted", path, message, remedy }];
  });
}

/** Other files belong to the code tree or to the environment itself: a refresh does not touch them. */
function files({ promotion, refresh }: Loose): Problem[] {
  const inside = ["wp-content/uploads", ...promotion.files.protect];
  return refresh.leave_out.files.flatMap((file, index) => {
    if (inside.some((path) => file === path || file.startsWith(`${path}/`))) return [];
    const message = `\`${file}\` lies in none of the protected paths ${inside.map((path) => `\`${path}\``).join(", ")}: a refresh does not copy it anyway.`;
    const remedy = "Remove it, or name a folder such as `wp-content/uploads/private`.";
    return [{ code: "leaves_out_elsewhere", path: [...AT, "files", index], message, remedy }];
  });
}
