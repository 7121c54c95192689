import { documentsOf, manifestOf, type ReleaseContext, type ReleaseRule } from "../context.ts";
import { findingAt } from "../files.ts";
import type { SourceFile } from "../reading/document.ts";
import { child, type Node, textOf } from "../reading/node.ts";
import type { Finding } from "../types.ts";

const id = "same-version";

/** Manifest, schema and docdefs say the version that the folder says. A schema or docdef that names no version is not asked for one. */
export const sameVersion: ReleaseRule = {
  id,
  demands: "Manifest, schema and docdefs have the version of their folder.",
  check: (context) => {
    const { kind } = context.release;
    const manifest = manifestOf(context);
    const own = child(manifest?.root, "version");
    return [
      ...(manifest === null || own === undefined
        ? []
        : differs(context, manifest, { node: own, version: textOf(own) })),
      ...documentsOf(context, [...kind.schema_artifacts, ...kind.docdef_artifacts]).flatMap((file) =>
        stated(file.root).flatMap((one) => differs(context, file, one)),
      ),
    ];
  },
};

interface Stated {
  readonly node: Node;
  readonly version: string | undefined;
}

const NAMES = ["$id", "id", "document_def_id", "docdef_id"];
/** `schema:discovery:1.4.0`, `https://example.com/discovery/1.4.0/schema.json` */
const IN_NAME = /(?:^|[:/@]|\/v)([0-9]+\.[0-9]+\.[0-9]+(?:-[0-9A-Za-z.-]+)?)(?:\/[A-Za-z0-9_.-]*)?#?$/;

/** Where a schema or a docdef says its version: in a key of its own, or at the end of its name. */
function stated(root: Node): readonly Stated[] {
  const own = child(root, "version");
  const named = NAMES.flatMap((key) => {
    const node = child(root, key);
    const version = IN_NAME.exec((textOf(node) ?? "").slice(-200))?.[1];
    return node === undefined || version === undefined ? [] : [{ node, version }];
  });
  return own === undefined || own.kind === "object" ? named : [{ node: own, version: textOf(own) }, ...named];
}

function differs(
  { release }: ReleaseContext,
  file: SourceFile,
  { node, version }: Stated,
): readonly Finding[] {
  if (
    version === release.version ||
    (version === undefined && file.path.endsWith(release.kind.manifest ?? "\0"))
  )
    return [];
  const written = version ?? file.text.slice(node.start, node.end);
  const sentence = `The version here is \`${written}\`, but the folder is that of ${release.version}.`;
  const remedy = `Write \`${release.version}\`, or move the release to \`releases/${written}\`.`;
  return [findingAt(file, node, { rule: id, sentence, remedy })];
}
