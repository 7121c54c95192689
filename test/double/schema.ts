/** GitHub's schemas as the double reads them: the extract, its references, and what a value lacks or has too much of. */
import { readFileSync } from "node:fs";
import { z } from "zod";

export type Schema = { readonly [keyword: string]: unknown };
export type JsonObject = Record<string, unknown>;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const SchemaShape = z.record(z.string(), z.unknown());
const Parameter = z.object({
  name: z.string(),
  in: z.enum(["path", "query", "header"]),
  schema: SchemaShape,
});
const OperationShape = z.object({
  id: z.string(),
  parameters: z.array(Parameter),
  request: SchemaShape.nullable(),
  responses: z.record(z.string(), SchemaShape.nullable()),
});
export type OperationSchema = z.infer<typeof OperationShape>;

const RestShape = z.object({
  operations: z.record(z.string(), OperationShape),
  $defs: z.record(z.string(), SchemaShape),
});
const WebhooksShape = z.object({
  webhooks: z.record(z.string(), SchemaShape),
  $defs: z.record(z.string(), SchemaShape),
});

/** References are made absolute, so that a part of the extract can be compiled alone. */
const load = (name: "rest" | "webhooks"): unknown => {
  const text = readFileSync(new URL(`./openapi/${name}.json`, import.meta.url), "utf8");
  return JSON.parse(text.replaceAll('"$ref":"#/', `"$ref":"https://${name}.invalid/#/`));
};

export const REST = RestShape.parse(load("rest"));
export const WEBHOOK = WebhooksShape.parse(load("webhooks"));

const DEFINITIONS: Readonly<Record<string, Readonly<Record<string, Schema>>>> = {
  rest: REST.$defs,
  webhooks: WEBHOOK.$defs,
};

/** The schema that a reference names; any other schema as it is. */
export const resolve = (schema: Schema): Schema => {
  const reference = schema.$ref;
  if (typeof reference !== "string") return schema;
  const [, set = "", name = ""] = /^https:\/\/(\w+)\.invalid\/#\/\$defs\/(.+)$/.exec(reference) ?? [];
  const found = DEFINITIONS[set]?.[name];
  if (!found) throw new Error(`${reference} is not in the extract; run script/extract-openapi.ts`);
  return resolve(found);
};

const list = (value: unknown): readonly Schema[] => (Array.isArray(value) ? value.filter(isObject) : []);
export const alternatives = (schema: Schema): readonly Schema[] => [
  ...list(schema.oneOf),
  ...list(schema.anyOf),
];
export const parts = (schema: Schema): readonly Schema[] => list(schema.allOf);
export const properties = (schema: Schema): Readonly<Record<string, Schema>> => {
  const found = schema.properties;
  return isObject(found)
    ? Object.fromEntries(
        Object.entries(found).filter((entry): entry is [string, Schema] => isObject(entry[1])),
      )
    : {};
};

export const permitsNull = (schema: Schema): boolean => {
  const own = resolve(schema);
  const type = own.type;
  return (
    type === "null" || (Array.isArray(type) && type.includes("null")) || alternatives(own).some(permitsNull)
  );
};

/** Whether the constants of a schema (`type: "file"`) agree with the value: how an alternative is chosen. */
const agrees = (schema: Schema, value: unknown): boolean => {
  const own = resolve(schema);
  if (alternatives(own).length > 0) return alternatives(own).some((one) => agrees(one, value));
  if (value === null) return permitsNull(own);
  if (Array.isArray(value))
    return (
      own.type === "array" && isObject(own.items) && value.every((item) => agrees(own.items as Schema, item))
    );
  if (!isObject(value))
    return own.type === typeof value || (own.type === "integer" && typeof value === "number");
  return Object.entries(properties(own)).every(([key, part]) => {
    const allowed = resolve(part).enum;
    return !(key in value) || !Array.isArray(allowed) || allowed.includes(value[key]);
  });
};

/** The first alternative that speaks of this value, or undefined when none does. */
export const choose = (schema: Schema, value: unknown): Schema | undefined => choices(schema, value)[0];

/** All alternatives that speak of this value. */
export const choices = (schema: Schema, value: unknown): readonly Schema[] =>
  alternatives(schema).filter((one) => {
    const own = resolve(one);
    const objects =
      own.type === "object" || "properties" in own || alternatives(own).length > 0 || parts(own).length > 0;
    return (isObject(value) ? objects : true) && agrees(own, value);
  });
