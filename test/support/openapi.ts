/** A client that holds every answer of the bot against contracts/openapi.yaml. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { parse } from "yaml";
import { z } from "zod";

const CONTRACTS = join(import.meta.dirname, "../../contracts");
const Response = z.union([
  z.object({ $ref: z.string() }),
  z.object({ content: z.record(z.string(), z.unknown()).optional(), description: z.string() }),
]);
const Operation = z.object({ operationId: z.string(), responses: z.record(z.string(), Response) });
const Description = z.object({ paths: z.record(z.string(), z.record(z.string(), Operation)) });

const text = readFileSync(join(CONTRACTS, "openapi.yaml"), "utf8");
const description = Description.parse(parse(text));
const ajv = new Ajv2020({ strict: false, allErrors: true });
formats.default(ajv);
ajv.addSchema(JSON.parse(readFileSync(join(CONTRACTS, "report.schema.json"), "utf8")), "report.schema.json");
ajv.addSchema(
  JSON.parse(readFileSync(join(CONTRACTS, "packages-report.schema.json"), "utf8")),
  "packages-report.schema.json",
);
ajv.addSchema(parse(text), "openapi.yaml");

/** `GET /api/jobs`, ... as the description has them. */
export const DESCRIBED = Object.entries(description.paths).flatMap(([path, methods]) =>
  Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
);

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export interface Asked {
  readonly token?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** `ask("POST /api/jobs/{id}/claim", { id }, {...})`; throws when the answer is not as described. */
export function describedClient(url: string) {
  return async (
    route: string,
    params: Readonly<Record<string, string>> = {},
    asked: Asked = {},
  ): Promise<Answer> => {
    const [method = "", path = ""] = route.split(" ");
    const query = new URLSearchParams();
    let filled = path;
    for (const [name, value] of Object.entries(params)) {
      if (filled.includes(`{${name}}`)) filled = filled.replace(`{${name}}`, value);
      else query.set(name, value);
    }
    const response = await fetch(`${url}${filled}${query.size > 0 ? `?${query}` : ""}`, {
      method,
      headers: {
        ...(asked.token !== undefined && { authorization: `Bearer ${asked.token}` }),
        "content-type": "application/json",
        ...asked.headers,
      },
      ...(asked.body !== undefined && { body: JSON.stringify(asked.body) }),
    });
    const body: unknown = await response.json();
    check({ method, path, status: response.status }, body);
    return { status: response.status, body };
  };
}

/** What is wrong with a value that should be as a component of the description says; null: nothing. */
export function problemsOf(component: string, value: unknown): string | null {
  const validate = ajv.compile({ $ref: `openapi.yaml#/components/schemas/${component}` });
  return validate(value) ? null : ajv.errorsText(validate.errors);
}

interface Answered {
  readonly method: string;
  readonly path: string;
  readonly status: number;
}

function check({ method, path, status }: Answered, body: unknown): void {
  const described = description.paths[path]?.[method.toLowerCase()]?.responses[String(status)];
  if (described === undefined) {
    throw new Error(`${method} ${path} answered ${status}, which is not described: ${JSON.stringify(body)}`);
  }
  const response = pointer(
    "$ref" in described
      ? described.$ref.slice(2).split("/")
      : ["paths", path, method.toLowerCase(), "responses", String(status)],
  );
  const validate = ajv.compile({ $ref: `openapi.yaml#${response}/content/application~1json/schema` });
  if (validate(body)) return;
  const problems = ajv.errorsText(validate.errors);
  throw new Error(
    `${method} ${path} answered ${status} not as described: ${problems}\n${JSON.stringify(body)}`,
  );
}

function pointer(parts: readonly string[]): string {
  return parts
    .map((part) => `/${encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"))}`)
    .join("");
}
