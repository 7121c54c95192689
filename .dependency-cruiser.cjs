// The layering rules of the architecture (docs/architecture.md), checked by `npm run test:layers`.
const only = (name, from, allowed) => ({
  name,
  severity: "error",
  comment: `${from} may import only ${allowed.join(", ")}`,
  from: { path: from },
  to: { path: "^src/", pathNot: allowed },
});

module.exports = {
  forbidden: [
    only("core-imports-core", "^src/core/", ["^src/core/"]),
    only("ports-import-core", "^src/ports/", ["^src/core/", "^src/ports/"]),
    only("flows-import-core-and-ports", "^src/flows/", ["^src/core/", "^src/ports/", "^src/flows/"]),
    only("github-imports-core-and-ports", "^src/github/", ["^src/core/", "^src/ports/", "^src/github/"]),
    only("store-imports-core-and-ports", "^src/store/", ["^src/core/", "^src/ports/", "^src/store/"]),
    only("validation-imports-core-and-ports", "^src/validation/", [
      "^src/core/",
      "^src/ports/",
      "^src/validation/",
    ]),
    {
      name: "the-bot-judges-packages-on-another-thread",
      severity: "error",
      comment:
        "judging takes seconds of computing; only src/validation runs it, so that webhooks are answered meanwhile",
      from: { path: "^src/(flows|http|github|store|app|bot|server)" },
      to: { path: "^src/core/packages/(validate|judging/(questions|head|branch|move))\\.ts$" },
    },
    only("http-imports-flows-and-core", "^src/http/", [
      "^src/core/",
      "^src/ports/",
      "^src/flows/",
      "^src/http/",
    ]),
    only("app-imports-flows-and-core", "^src/(app\\.ts$|events/)", [
      "^src/core/",
      "^src/events/",
      "^src/ports/",
      "^src/flows/",
      "^src/http/",
    ]),
    only("action-imports-core-and-itself", "^src/action/", ["^src/core/", "^src/action/"]),
    {
      name: "core-is-pure",
      severity: "error",
      comment: "core decides; it reads no files, network, clock or environment",
      from: { path: "^src/core/" },
      to: { dependencyTypes: ["core"], pathNot: "^(node:)?crypto$" },
    },
    {
      name: "the-double-knows-only-github",
      severity: "error",
      comment: "the test double of GitHub imports nothing from src",
      from: { path: "^test/double/" },
      to: { path: "^src/" },
    },
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    { name: "no-missing-modules", severity: "error", from: {}, to: { couldNotResolve: true } },
    {
      name: "src-needs-no-development-dependency",
      severity: "error",
      from: { path: "^src/" },
      to: {
        dependencyTypes: ["npm-dev"],
        dependencyTypesNot: ["type-only"],
        pathNot: "node_modules/@types/",
      },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    parser: "swc",
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      extensions: [".ts", ".js", ".mjs", ".json"],
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default", "types"],
      mainFields: ["module", "main", "types"],
    },
  },
};
