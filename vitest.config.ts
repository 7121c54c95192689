import { defineConfig } from "vitest/config";

/** The parts of `npm test` that vitest runs. `lab` and `e2e` need root and Debian's packages: script/setup installs them. */
export default defineConfig({
  test: {
    projects: [
      { test: { name: "unit", include: ["test/unit/**/*.test.ts"] } },
      {
        test: {
          name: "flows",
          include: ["test/flows/**/*.test.ts"],
          // The embedded database takes a second to open, and a minute on a machine that is busy.
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
      { test: { name: "contracts", include: ["test/contracts/**/*.test.ts"], testTimeout: 60_000 } },
      {
        test: {
          name: "lab",
          include: ["test/lab/**/*.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: 900_000,
          hookTimeout: 900_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
