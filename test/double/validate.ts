/** Checks requests, answers and webhooks against GitHub's schemas. Every function returns sentences; none means valid. */
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { DESCRIBED_AS } from "./exceptions.ts";
import { fill, unknownProperties } from "./fill.ts";
import { type OperationSchema, REST, type Schema, WEBHOOK } from "./schema.ts";

const ajv = new Ajv2020({ strict: false, allErrors: true, coerceTypes: false });
addFormats.default(ajv);
ajv.addSchema({ $id: "https://rest.invalid/", $defs: REST.$defs });
ajv.addSchema({ $id: "https://webhooks.invalid/", $defs: WEBHOOK.$defs });

const compiled = new Map<Schema, ValidateFunction>();

/** Compiled when first needed: a test uses few of the schemas. */
const errors = (schema: Schema, value: unknown): readonly string[] => {
  const check = compiled.get(schema) ?? ajv.compile(schema);
  compiled.set(schema, check);
  if (check(value)) return [];
  return (check.errors ?? [])
    .slice(0, 5)
    .map((error) => `${error.instancePath || "/"} ${error.message ?? ""} ${JSON.stringify(error.params)}`);
};

const operationOf = (operation: string): OperationSchema => {
  const found = REST.operations[DESCRIBED_AS[operation] ?? operation];
  if (!found) throw new Error(`${operation} is not in the extract; run script/extract-openapi.ts`);
  return found;
};

export type RequestParts = {
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: unknown;
};

/** Text of a path or query as its schema's type, so that `per_page=100` is a number. */
const typed = (schema: Schema, text: string): unknown => {
  if (schema.type === "integer" || schema.type === "number")
    return /^-?\d+$/.test(text) ? Number(text) : text;
  if (schema.type === "boolean") return text === "true" ? true : text === "false" ? false : text;
  return text;
};

const parameterErrors = (described: OperationSchema, { params, query }: RequestParts): readonly string[] => {
  const given = [
    ...Object.entries(params).map(([name, text]) => ({ name, text, place: "path" })),
    ...[...query].map(([name, text]) => ({ name, text, place: "query" })),
  ];
  return given.flatMap(({ name, text, place }) => {
    const parameter = described.parameters.find((one) => one.name === name && one.in === place);
    if (!parameter) return place === "query" ? [`query parameter ${name} is unknown`] : [];
    if ("oneOf" in parameter.schema) return [];
    return errors(parameter.schema, typed(parameter.schema, text)).map(
      (error) => `${place} parameter ${name}: ${error}`,
    );
  });
};

/** What GitHub would not understand in a request, besides what it would itself refuse. */
export const requestErrors = (operation: string, request: RequestParts): readonly string[] => {
  const described = operationOf(operation);
  const problems = [...parameterErrors(described, request)];
  if (described.request && request.body !== undefined) {
    problems.push(...errors(described.request, request.body));
    problems.push(
      ...unknownProperties(described.request, request.body).map((path) => `${path} is unknown to GitHub`),
    );
  }
  const needsBody = Array.isArray(described.request?.required) && described.request.required.length > 0;
  if (request.body === undefined && needsBody) problems.push("the body is missing");
  if (request.body !== undefined && !described.request && JSON.stringify(request.body) !== "{}")
    problems.push("a body is sent where none is known");
  return problems;
};

/** An answer completed from its schema, and what is still wrong with it. */
export const answer = (
  operation: string,
  status: number,
  body: unknown,
): { readonly body: unknown; readonly problems: readonly string[] } => {
  const schema = operationOf(operation).responses[String(status)];
  if (schema === undefined && status < 400)
    return { body, problems: [`${operation} never answers ${status}`] };
  if (!schema) return { body, problems: [] };
  const full = fill(schema, body);
  const unknown = unknownProperties(schema, full).map((path) => `${path} is not in GitHub's answer`);
  return {
    body: full,
    problems: [...errors(schema, full), ...unknown].map((error) => `answer of ${operation}: ${error}`),
  };
};

/** A webhook's payload completed from its schema, and what is still wrong with it. */
export const payload = (
  name: string,
  body: unknown,
): { readonly body: unknown; readonly problems: readonly string[] } => {
  const schema = WEBHOOK.webhooks[name];
  if (!schema) return { body, problems: [`webhook ${name} is not in test/double/operations.ts`] };
  const full = fill(schema, body);
  return { body: full, problems: errors(schema, full).map((error) => `webhook ${name}: ${error}`) };
};
