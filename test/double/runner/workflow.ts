/** Workflow files as far as Belay's use them. An unknown key is an error: the double would not do what GitHub does with it. */
import { parse } from "yaml";
import { z } from "zod";

const Scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const Values = z.record(z.string(), Scalar);

const Input = z.strictObject({
  description: z.string().optional(),
  required: z.boolean().default(false),
  default: Scalar.optional(),
  type: z.enum(["string", "boolean", "number", "choice", "environment"]).default("string"),
  options: z.array(z.string()).optional(),
});
export type Input = z.infer<typeof Input>;
const Inputs = z.record(
  z.string(),
  Input.nullable().transform((one) => one ?? Input.parse({})),
);

const Permissions = z.union([
  z.record(z.string(), z.enum(["read", "write", "none"])),
  z.enum(["read-all", "write-all"]),
]);
export type WorkflowPermissions = z.infer<typeof Permissions>;

const Concurrency = z.union([
  Scalar.transform((group) => ({ group, "cancel-in-progress": "false", queue: "single" as const })),
  z.strictObject({
    group: Scalar,
    "cancel-in-progress": Scalar.default("false"),
    queue: z.enum(["single", "max"]).default("single"),
  }),
]);
export type Concurrency = z.infer<typeof Concurrency>;

const Step = z.strictObject({
  name: z.string().optional(),
  id: z.string().optional(),
  if: z.union([z.string(), z.boolean()]).optional(),
  uses: z.string().optional(),
  run: z.string().optional(),
  shell: z.literal("bash").optional(),
  with: Values.default({}),
  env: Values.default({}),
  "continue-on-error": z.boolean().default(false),
  "timeout-minutes": z.number().optional(),
});
export type Step = z.infer<typeof Step>;

const JobEnvironment = z.union([
  Scalar.transform((name) => ({ name, deployment: "true" })),
  z.strictObject({ name: Scalar, url: Scalar.optional(), deployment: Scalar.default("true") }),
]);

const Job = z.strictObject({
  name: z.string().optional(),
  "runs-on": z.union([z.string(), z.array(z.string())]).optional(),
  if: z.union([z.string(), z.boolean()]).optional(),
  needs: z.union([z.string().transform((one) => [one]), z.array(z.string())]).default([]),
  permissions: Permissions.optional(),
  environment: JobEnvironment.optional(),
  concurrency: Concurrency.optional(),
  "timeout-minutes": z.number().default(360),
  env: Values.default({}),
  outputs: Values.default({}),
  steps: z.array(Step).default([]),
  uses: z.string().optional(),
  with: Values.default({}),
  secrets: z.union([z.literal("inherit"), Values]).optional(),
});
export type Job = z.infer<typeof Job>;

const Call = z.strictObject({
  inputs: Inputs.default({}),
  secrets: z.record(z.string(), z.unknown()).optional(),
  outputs: z.record(z.string(), z.unknown()).optional(),
});

const Workflow = z.strictObject({
  name: z.string().optional(),
  "run-name": z.string().optional(),
  on: z.looseObject({
    workflow_dispatch: z
      .strictObject({ inputs: Inputs.default({}) })
      .nullable()
      .optional(),
    workflow_call: Call.nullable().optional(),
  }),
  permissions: Permissions.optional(),
  concurrency: Concurrency.optional(),
  env: Values.default({}),
  defaults: z.unknown().optional(),
  jobs: z.record(z.string(), Job),
});
export type Workflow = z.infer<typeof Workflow>;

/** `on: push` and `on: [push, workflow_dispatch]` said as an object. */
const triggers = (on: unknown): unknown => {
  if (typeof on === "string") return { [on]: null };
  return Array.isArray(on) ? Object.fromEntries(on.map((name) => [String(name), null])) : on;
};

/** Reads a workflow file. Throws with every mistake and everything that the double would not carry out. */
export const parseWorkflow = (text: string, name: string): Workflow => {
  const raw: unknown = parse(text);
  const normal =
    typeof raw === "object" && raw !== null && "on" in raw ? { ...raw, on: triggers(raw.on) } : raw;
  const parsed = Workflow.safeParse(normal);
  if (!parsed.success) throw new Error(`${name}: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
};

const Action = z.looseObject({
  inputs: z
    .record(z.string(), z.looseObject({ default: Scalar.optional(), required: z.boolean().optional() }))
    .default({}),
  outputs: z.record(z.string(), z.unknown()).default({}),
  runs: z.looseObject({ using: z.string(), main: z.string(), post: z.string().optional() }),
});
export type Action = z.infer<typeof Action>;

export const parseAction = (text: string): Action => Action.parse(parse(text));

/** The value of every declared input: given, else its default. Sentences for what GitHub would refuse. */
export const inputValues = (
  declared: Readonly<Record<string, Input>>,
  given: Readonly<Record<string, string>>,
): { readonly values: Readonly<Record<string, string>>; readonly refused: readonly string[] } => {
  const unexpected = Object.keys(given).filter((name) => !(name in declared));
  const missing = Object.entries(declared).filter(
    ([name, one]) => one.required && one.default === undefined && !given[name],
  );
  const wrong = Object.entries(declared).filter(
    ([name, one]) => one.options && given[name] !== undefined && !one.options.includes(given[name]),
  );
  return {
    values: Object.fromEntries(
      Object.entries(declared).map(([name, one]) => [name, given[name] ?? one.default ?? ""]),
    ),
    refused: [
      ...(unexpected.length > 0 ? [`Unexpected inputs provided: ${JSON.stringify(unexpected)}`] : []),
      ...missing.map(([name]) => `Required input '${name}' not provided`),
      ...wrong.map(
        ([name]) => `Provided value '${given[name]}' for input '${name}' not in the list of allowed values`,
      ),
    ],
  };
};
