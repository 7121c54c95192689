/** How a repository keeps its packages, and what its owner forbids. The shipped default is the specification's layout. */
import { z } from "zod";

const Folder = z
  .string()
  .regex(/^(?:[A-Za-z0-9_.@+-]+(?:\/[A-Za-z0-9_.@+-]+)*)?$/, "is not a folder inside the repository")
  .refine((path) => !/(^|\/)\.\.?(\/|$)/.test(path), "may not hold `.` or `..`");
const Name = z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/, "is not a name");

/** A reference's form with `{id}` and `{version}`: `prompt:role:{id}:{version}`; `artifact` names a key of the artifacts map. */
const ReferenceForm = z.strictObject({
  form: z.string().regex(/^[a-z]+(?::[a-z{}_]+)*$/, "is not a form such as `prompt:role:{id}:{version}`"),
  artifact: z.string().optional(),
});

const PackageKind = z.strictObject({
  /** Also the group's name in a grouped pointer file. */
  name: Name,
  /** Below each root; a release lies in `<folder>/<id>/releases/<version>/`. */
  folder: Folder,
  /** Whether the kind stands in the pointer file. Of another kind every version is immutable once it is merged. */
  pointed: z.boolean().default(true),
  /** The file that describes a release; null: the folder says everything. */
  manifest: z.string().nullable().default(null),
  id_field: Name.nullable().default(null),
  required_files: z.array(z.string()).default([]),
  required_fields: z.array(z.string()).default([]),
  /** Keys of the artifacts map. */
  schema_artifacts: z.array(z.string()).default([]),
  docdef_artifacts: z.array(z.string()).default([]),
  output_prompts: z.array(z.string()).default([]),
  references: z.array(ReferenceForm).default([]),
  authority_levels: z.array(z.string()).default([]),
  creation_modes: z.array(z.string()).default([]),
  /** Levels whose packages carry their PGC context. */
  pgc_levels: z.array(z.string()).default([]),
  /** Keys of the manifest whose change breaks those who use the package. */
  breaking_fields: z.array(z.string()).default([]),
  /** Rules that do not count for this kind. */
  without_rules: z.array(z.string()).default([]),
});
export type PackageKind = z.infer<typeof PackageKind>;

export const PackagesConfiguration = z.strictObject({
  /** Folders that each hold packages and a pointer file of their own; "" is the repository itself. */
  roots: z.array(Folder).min(1).default([""]),
  /** Below each root. */
  pointers: z.string().min(1).default("_active/active_releases.json"),
  /** The kind of ids that stand in no group. */
  flat_kind: Name.default("document_types"),
  kinds: z.array(PackageKind).min(1),
});
export type PackagesConfiguration = z.infer<typeof PackagesConfiguration>;

/** A prohibited pattern of the policy. `files` are patterns of paths below the release (`*` is any text). */
export const Guardrail = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, "is not an id: small letters, digits and `-`"),
  pattern: z.string().min(1).max(500),
  ignore_case: z.boolean().default(false),
  files: z.array(z.string().min(1)).default(["*"]),
  sentence: z.string().min(1).max(500),
  remedy: z.string().min(1).max(500),
});
export type Guardrail = z.infer<typeof Guardrail>;

const shared = (name: string, folder: string, form: string, rest: object = {}) => ({
  name,
  folder,
  references: [{ form }],
  ...rest,
});

/** The layout of the specification: document types, and the shared artifacts that they refer to. */
export const DEFAULT_CONFIGURATION: PackagesConfiguration = PackagesConfiguration.parse({
  kinds: [
    {
      name: "document_types",
      folder: "document_types",
      manifest: "package.yaml",
      id_field: "doc_type_id",
      required_files: ["package.yaml"],
      required_fields: ["doc_type_id", "version", "authority_level", "creation_mode"],
      schema_artifacts: ["schema"],
      docdef_artifacts: ["full_docdef", "sidecar_docdef"],
      output_prompts: ["task_prompt"],
      references: [
        { form: "schema:{id}:{version}", artifact: "schema" },
        { form: "docdef:{id}:full:{version}", artifact: "full_docdef" },
        { form: "docdef:{id}:sidecar:{version}", artifact: "sidecar_docdef" },
        { form: "rules:{id}:{version}", artifact: "gating_rules" },
        { form: "prompt:{id}:task:{version}", artifact: "task_prompt" },
        { form: "prompt:{id}:qa:{version}", artifact: "qa_prompt" },
        { form: "prompt:{id}:pgc:{version}", artifact: "pgc_context" },
        { form: "prompt:{id}:questions:{version}", artifact: "questions_prompt" },
      ],
      authority_levels: ["descriptive", "prescriptive", "constructive", "elaborative"],
      creation_modes: ["llm_generated", "constructed", "manual"],
      pgc_levels: ["descriptive", "prescriptive"],
      breaking_fields: ["authority_level", "production_mode"],
    },
    shared("roles", "prompts/roles", "prompt:role:{id}:{version}"),
    shared("templates", "prompts/templates", "prompt:template:{id}:{version}"),
    shared("tasks", "prompts/tasks", "prompt:task:{id}:{version}"),
    shared("pgc", "prompts/pgc", "prompt:pgc:{id}:{version}"),
    shared("schemas", "schemas", "schema:{id}:{version}"),
    shared("workflows", "workflows", "workflow:{id}:{version}"),
    shared("components", "components", "component:{id}:{version}"),
  ],
});
