import { manifestOf, type ReleaseRule } from "../context.ts";
import { findingAt } from "../files.ts";
import { child, textOf } from "../reading/node.ts";
import type { Finding } from "../types.ts";

const id = "authority";

/** Authority level and creation mode are words that the kind knows. */
export const authority: ReleaseRule = {
  id,
  demands: "Authority level and creation mode are among the kind's words.",
  check: (context) => {
    const { kind } = context.release;
    const manifest = manifestOf(context);
    if (manifest === null) return [];
    const judge = (key: string, words: readonly string[]): readonly Finding[] => {
      const node = child(manifest.root, key);
      const word = textOf(node);
      if (node === undefined || word === undefined || words.length === 0 || words.includes(word)) return [];
      const known = words.map((one) => `\`${one}\``).join(", ");
      const sentence = `\`${key}\` is \`${word}\`, which is none of ${known}.`;
      return [findingAt(manifest, node, { rule: id, sentence, remedy: `Write one of ${known}.` })];
    };
    return [
      ...judge("authority_level", kind.authority_levels),
      ...judge("creation_mode", kind.creation_modes),
    ];
  },
};
