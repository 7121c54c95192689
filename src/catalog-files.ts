/** Reads the catalog's files: for composition roots only, everything else gets the parsed catalog. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Catalog, parseCatalog } from "./core/wordpress/catalog.ts";

/** The catalog that is shipped with this program. Throws CatalogError where a file of it is wrong. */
export function loadCatalog(folder: string = join(import.meta.dirname, "..", "catalog")): Catalog {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".yml"),
  );
  return parseCatalog(names.map((name) => ({ name, text: readFileSync(join(folder, name), "utf8") })));
}
