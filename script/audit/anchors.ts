/** What a site's repository remembers of the audit log: annotated tags `belay/audit/<number>`. */
import { execa } from "execa";
import { type AuditAnchor, parseAnchor } from "../../src/core/audit.ts";

/** @throws TypeError when the folder is no clone */
export async function anchorsOfClone(folder: string): Promise<readonly AuditAnchor[]> {
  const format = "%(refname:short)%09%(contents:subject)";
  const { stdout, failed, stderr } = await execa(
    "git",
    ["-C", folder, "for-each-ref", `--format=${format}`, "refs/tags/belay/audit"],
    { reject: false },
  );
  if (failed) throw new TypeError(`${folder} cannot be read as a clone: ${stderr.trim()}`);
  return stdout.split("\n").flatMap((line) => {
    const [tag, subject] = line.split("\t");
    const anchor = tag && subject ? parseAnchor(subject, `the tag ${tag}`) : null;
    return anchor === null ? [] : [anchor];
  });
}
