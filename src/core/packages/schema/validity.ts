/**
 * Whether a JSON Schema is one: judged by the meta-schema of its draft. The packages' own schemas are data here: they are never compiled, so
 * none of what a pull request says becomes code, and none of its patterns runs.
 */
import { Ajv, type AnySchema, type ErrorObject, type ValidateFunction } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import { child, type Node, nodeAt, plainValue, textOf } from "../reading/node.ts";
import { pointerParts } from "./reference.ts";

export type Draft = "draft-07" | "2020-12";

export interface SchemaFault {
  readonly node: Node;
  /** Goes on after "The schema is not valid here: it". */
  readonly what: string;
}

/** The draft that a schema names; without `$schema` 2020-12 counts, as for most tools. Null: another draft. */
export function draftOf(schema: Node): Draft | null {
  const named = textOf(child(schema, "$schema"));
  if (named === undefined) return "2020-12";
  const address = named.replace(/^https?:/, "").replace(/#$/, "");
  if (address === "//json-schema.org/draft-07/schema") return "draft-07";
  return address === "//json-schema.org/draft/2020-12/schema" ? "2020-12" : null;
}

/** The formats that the meta-schemas ask for. A pattern is compiled, never run; addresses are looked at sign by sign. */
const formats = {
  regex: (text: string) => isRegularExpression(text),
  uri: (text: string) => /^[A-Za-z][A-Za-z0-9+.-]*:[!-~\u00a0-\uffff]*$/.test(text),
  "uri-reference": (text: string) => !/[\s<>"{}|\\^`]/.test(text),
};

export function isRegularExpression(text: string): boolean {
  try {
    new RegExp(text, "u");
    return true;
  } catch {
    return false;
  }
}

const compiled = new Map<Draft, ValidateFunction>();

function validator(draft: Draft): ValidateFunction {
  const known = compiled.get(draft);
  if (known !== undefined) return known;
  const settings = { strict: false, allErrors: true, verbose: false, formats };
  const ajv = draft === "draft-07" ? new Ajv(settings) : new Ajv2020(settings);
  const id =
    draft === "draft-07"
      ? "http://json-schema.org/draft-07/schema"
      : "https://json-schema.org/draft/2020-12/schema";
  const validate = ajv.getSchema<AnySchema>(id);
  if (validate === undefined) throw new Error(`ajv has no meta-schema of ${draft}`);
  compiled.set(draft, validate);
  return validate;
}

/** Everything that the meta-schema objects to, each on its value. */
export function schemaFaults(schema: Node, draft: Draft): readonly SchemaFault[] {
  const validate = validator(draft);
  if (validate(plainValue(schema))) return [];
  const errors = (validate.errors ?? []).filter((error) => !aboutPattern(error));
  const telling = errors.filter(({ keyword }) => !COMBINATIONS.includes(keyword));
  const faults = (telling.length > 0 ? telling : errors).map((error) => faultOf(schema, error));
  const told = new Set<Node>();
  return faults.filter(({ node }) => !told.has(node) && told.add(node));
}

/** Their errors repeat those of their parts, so they are told only where nothing else is. */
const COMBINATIONS = ["anyOf", "allOf", "oneOf", "if", "$ref", "$dynamicRef"];

/** Another rule judges patterns, with better words. */
const aboutPattern = ({ keyword, params }: ErrorObject) => keyword === "format" && params.format === "regex";

function faultOf(schema: Node, error: ErrorObject): SchemaFault {
  const node = nodeAt(schema, pointerParts(error.instancePath) ?? []);
  const allowed: unknown = error.params.allowedValues;
  const values = Array.isArray(allowed) ? ` (${allowed.join(", ")})` : "";
  return { node, what: `${error.message ?? "is not what the draft allows"}${values}` };
}
