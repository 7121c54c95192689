/** What a site's repository remembers of the audit log: annotated tags `belay/audit/<number>`. */
import { execa } from "execa";
import { type AuditAnchor, parseAnchor } from "../../src/core/audit.ts";

export interface Remembered {
  readonly anchors: readonly AuditAnchor[];
  /** Tags of that name whose text is none of Belay's: they keep Belay from making its own. */
  readonly foreign: readonly string[];
}

/** @throws TypeError when the folder is no clone */
export async function anchorsOfClone(folder: string): Promise<Remembered> {
  const format = "%(refname:short)%09%(contents:subject)";
  const { stdout, failed, stderr } = await execa(
    "git",
    ["-C", folder, "for-each-ref", `--format=${format}`, "refs/tags/belay/audit"],
    { reject: false },
  );
  if (failed) throw new TypeError(`${folder} cannot be read as a clone: ${stderr.trim()}`);
  const tags = stdout.split("\n").filter((line) => line !== "");
  const read = tags.map((line) => {
    const [tag = "", subject = ""] = line.split("\t");
    return { tag, anchor: parseAnchor(subject, `the tag ${tag}`) };
  });
  return {
    anchors: read.flatMap(({ anchor }) => anchor ?? []),
    foreign: read.flatMap(({ tag, anchor }) => (anchor === null ? [tag] : [])),
  };
}
