/**
 * Writes test/double/openapi/*.json: the part of GitHub's own OpenAPI descriptions that the test double serves, as plain JSON Schema.
 * `node script/extract-openapi.ts` after a change of the lists below or of the pinned packages; test/contracts/double.test.ts
 * proves that the files still equal the packages.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { OPERATIONS, WEBHOOKS } from "../test/double/operations.ts";

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
type JsonObject = { readonly [key: string]: Json };

const Description = z.object({
  paths: z.record(z.string(), z.record(z.string(), z.json())).default({}),
  webhooks: z.record(z.string(), z.object({ post: z.json() })).default({}),
  components: z.record(z.string(), z.record(z.string(), z.json())),
});
type Description = z.infer<typeof Description>;

/** Words that explain but do not constrain; left out to keep the extract small. */
const PROSE = new Set([
  "description",
  "summary",
  "example",
  "examples",
  "externalDocs",
  "tags",
  "title",
  "deprecated",
]);

const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Reads a description that lies in a pinned package; requiring the package itself would take seconds and most of a gigabyte. */
const read = (name: string): Description => {
  const folder = createRequire(import.meta.url).resolve(`${name}/package.json`);
  return Description.parse(
    JSON.parse(readFileSync(folder.replace("package.json", "generated/api.github.com.json"), "utf8")),
  );
};

/** OpenAPI 3.0's `nullable` said in JSON Schema. */
const withNull = (schema: JsonObject): JsonObject => {
  const { nullable, ...rest } = schema;
  if (nullable !== true) return rest;
  if (typeof rest.type !== "string") return { anyOf: [rest, { type: "null" }] };
  const values = rest.enum;
  return {
    ...rest,
    type: [rest.type, "null"],
    ...(Array.isArray(values) && !values.includes(null) && { enum: [...values, null] }),
  };
};

/** A schema without prose and with references into the extract; `named` is true where keys are names and not keywords. */
const slim = (node: Json, named = false): Json => {
  if (Array.isArray(node)) return node.map((item: Json) => slim(item));
  if (!isObject(node)) return node;
  const entries = Object.entries(node)
    .filter(([key]) => named || (!PROSE.has(key) && !key.startsWith("x-")))
    .map(([key, value]): [string, Json] => {
      if (named) return [key, slim(value)];
      if (key === "$ref" && typeof value === "string") return [key, `#/$defs/${value.split("/").at(-1)}`];
      if (key === "enum" || key === "const" || key === "default" || key === "required") return [key, value];
      return [key, slim(value, key === "properties" || key === "patternProperties")];
    });
  return named ? Object.fromEntries(entries) : withNull(Object.fromEntries(entries));
};

/** Follows a reference to a parameter or a response, which JSON Schema does not know. */
const resolve = (source: Description, node: Json | undefined): JsonObject => {
  if (!isObject(node)) return {};
  if (typeof node.$ref !== "string") return node;
  const [group = "", name = ""] = node.$ref.split("/").slice(-2);
  return resolve(source, source.components[group]?.[name]);
};

const bodySchema = (source: Description, node: Json | undefined): Json => {
  const content = resolve(source, node).content;
  if (!isObject(content)) return null;
  const json = content["application/json"] ?? content["application/json+object"];
  return isObject(json) ? slim(json.schema ?? {}) : null;
};

/** One operation: its parameters, its request body, and the body of each answer. */
const operation = (source: Description, key: string): Json => {
  const [method = "", path = ""] = key.split(" ");
  const found = source.paths[path]?.[method.toLowerCase()];
  if (!isObject(found))
    throw new Error(`${key} is not in GitHub's description; correct test/double/operations.ts`);
  const parameters = Array.isArray(found.parameters) ? found.parameters : [];
  const responses = isObject(found.responses) ? found.responses : {};
  return {
    id: found.operationId ?? "",
    parameters: parameters.map((item: Json) => {
      const one = resolve(source, item);
      return { name: one.name ?? "", in: one.in ?? "", schema: slim(one.schema ?? {}) };
    }),
    request: bodySchema(source, found.requestBody),
    responses: Object.fromEntries(
      Object.entries(responses).map(([code, body]) => [code, bodySchema(source, body)]),
    ),
  };
};

/** Every definition that the node needs, directly or through others. */
const definitions = (source: Description, node: Json): JsonObject => {
  const found: Record<string, Json> = {};
  const visit = (text: string): void => {
    for (const [, name = ""] of text.matchAll(/"#\/\$defs\/([^"]+)"/g)) {
      if (name in found) continue;
      found[name] = slim(source.components.schemas?.[name] ?? null);
      visit(JSON.stringify(found[name]));
    }
  };
  visit(JSON.stringify(node));
  return Object.fromEntries(Object.entries(found).sort(([a], [b]) => (a < b ? -1 : 1)));
};

/** The REST operations of test/double/operations.ts. Throws for an operation that GitHub does not describe. */
export const extractRest = (): Json => {
  const source = read("@octokit/openapi");
  const operations = Object.fromEntries(OPERATIONS.map((key) => [key, operation(source, key)]));
  return { operations, $defs: definitions(source, operations) };
};

/** The payloads of the webhooks of test/double/operations.ts. */
export const extractWebhooks = (): Json => {
  const source = read("@octokit/openapi-webhooks");
  const webhooks = Object.fromEntries(
    WEBHOOKS.map((name) => {
      const found = source.webhooks[name]?.post;
      if (!isObject(found))
        throw new Error(`${name} is not a webhook of GitHub; correct test/double/operations.ts`);
      return [name, bodySchema(source, found.requestBody)];
    }),
  );
  return { webhooks, $defs: definitions(source, webhooks) };
};

/** The extract's files and what they must hold; one line per operation or definition, so that a change can be read. */
export const extracts = (): Readonly<Record<string, string>> => ({
  "rest.json": print(extractRest()),
  "webhooks.json": print(extractWebhooks()),
});

const print = (extract: Json): string => {
  if (!isObject(extract)) return "";
  const groups = Object.entries(extract).map(([group, members]) => {
    const lines = isObject(members) ? Object.entries(members) : [];
    return `"${group}": {\n${lines.map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`).join(",\n")}\n}`;
  });
  return `{\n${groups.join(",\n")}\n}\n`;
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, text] of Object.entries(extracts())) {
    writeFileSync(new URL(`../test/double/openapi/${name}`, import.meta.url), text);
    console.log(`test/double/openapi/${name}: ${Math.round(text.length / 1024)} KB`);
  }
}
