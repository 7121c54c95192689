/**
 * The double says in full what matters to an app; of everything else that GitHub promises to send, this adds the emptiest value
 * that GitHub's schema permits. What the schema does not know is found here too, because JSON Schema would let it pass.
 */
import { choices, choose, isObject, parts, permitsNull, properties, resolve, type Schema } from "./schema.ts";

const NEVER = "1970-01-01T00:00:00Z";
const TEXT: Readonly<Record<string, string>> = {
  "date-time": NEVER,
  uri: "https://unset.invalid/",
  "uri-template": "https://unset.invalid/",
  email: "unset@unset.invalid",
};

const emptyOf = (schema: Schema): unknown => {
  const own = resolve(schema);
  if (permitsNull(own)) return null;
  const allowed = own.enum;
  if (Array.isArray(allowed)) return allowed[0];
  const [first] = [own.type].flat();
  if (first === "array") return [];
  if (first === "boolean") return false;
  if (first === "integer" || first === "number") return typeof own.minimum === "number" ? own.minimum : 0;
  if (first === "string") return TEXT[String(own.format)] ?? "0".repeat(Number(own.minLength ?? 0));
  const [alternative] = [own.oneOf, own.anyOf].flat().filter(isObject);
  return alternative && !("properties" in own) ? fill(alternative, undefined) : fillObject(own, {});
};

const fillObject = (schema: Schema, value: Record<string, unknown>): Record<string, unknown> => {
  const known = properties(schema);
  const filled = Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      const part = known[key];
      return [key, part ? fill(part, item) : item];
    }),
  );
  const required = Array.isArray(schema.required) ? schema.required.map(String) : [];
  for (const key of required) if (!(key in filled)) filled[key] = fill(known[key] ?? {}, undefined);
  return filled;
};

/** The value with every required property; `undefined` becomes the emptiest value. */
export const fill = (schema: Schema, value: unknown): unknown => {
  const own = resolve(schema);
  if (value === undefined && parts(own).length === 0) return emptyOf(own);
  if (value === null) return null;
  let filled: unknown = value;
  for (const part of parts(own)) filled = fill(part, filled);
  const alternative = choose(own, filled);
  if (alternative) filled = fill(alternative, filled);
  const items = own.items;
  if (Array.isArray(filled)) return isObject(items) ? filled.map((item) => fill(items, item)) : filled;
  return isObject(filled) ? fillObject(own, filled) : filled;
};

/** Paths of the properties that the schema does not name, where it does not say that any may come. */
export const unknownProperties = (schema: Schema, value: unknown, path = ""): readonly string[] => {
  const own = resolve(schema);
  const items = own.items;
  if (Array.isArray(value)) {
    return isObject(items)
      ? value.flatMap((item, index) => unknownProperties(items, item, `${path}/${index}`))
      : [];
  }
  if (!isObject(value) || parts(own).length > 0) return [];
  const known = properties(own);
  if (Object.keys(known).length === 0) {
    const found = choices(own, value).map((alternative) => unknownProperties(alternative, value, path));
    return found.toSorted((a, b) => a.length - b.length)[0] ?? [];
  }
  const open = own.additionalProperties === true || isObject(own.additionalProperties);
  return Object.entries(value).flatMap(([key, item]) => {
    const part = known[key];
    if (part) return unknownProperties(part, item, `${path}/${key}`);
    return open ? [] : [`${path}/${key}`];
  });
};
