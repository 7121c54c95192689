/** References such as `prompt:role:technical_architect:1.0.0`: their forms, and which release each names. */
import type { PackageKind, PackagesConfiguration } from "./configuration.ts";

/** What a reference may name: the release of a kind, and there the artifact of that key where one is named. */
export interface Target {
  readonly kind: string;
  readonly id: string;
  readonly version: string;
  readonly artifact: string | null;
}

export interface References {
  /** Whether the text begins like a reference, so that it must be one. */
  readonly looksLike: (text: string) => boolean;
  /** What the text may name, all possibilities; nothing where it has no known form. */
  readonly targets: (text: string) => readonly Target[];
  readonly forms: readonly string[];
}

interface Form {
  readonly kind: string;
  readonly artifact: string | null;
  readonly parts: readonly string[];
}

const ID = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;

export function referencesOf({ kinds }: PackagesConfiguration): References {
  const forms = kinds.flatMap(formsOf);
  const words = new Set(forms.map(({ parts }) => parts[0]));
  return {
    looksLike: (text) =>
      text.length < 300 && words.has(text.slice(0, Math.max(0, text.indexOf(":")))) && !/\s/.test(text),
    targets: (text) => {
      const given = text.split(":");
      const found: Target[] = [];
      for (const form of forms) {
        const target =
          form.parts.length === given.length && form.parts[0] === given[0] ? match(form, given) : null;
        if (target !== null) found.push(target);
      }
      return found;
    },
    forms: kinds.flatMap((kind) => kind.references.map(({ form }) => form)),
  };
}

const formsOf = (kind: PackageKind): readonly Form[] =>
  kind.references.map(({ form, artifact }) => ({
    kind: kind.name,
    artifact: artifact ?? null,
    parts: form.split(":"),
  }));

function match({ kind, artifact, parts }: Form, given: readonly string[]): Target | null {
  let id = "";
  let version = "";
  for (const [at, part] of parts.entries()) {
    const text = given[at] ?? "";
    if (part === "{id}") id = text;
    else if (part === "{version}") version = text;
    else if (part !== text) return null;
  }
  return ID.test(id) && version !== "" ? { kind, id, version, artifact } : null;
}
