import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chooseBenchmark } from "../../../script/bench/frame/choose.ts";

const program = path.join(import.meta.dirname, "../../../script/bench/main.ts");
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "belay-choose-"));
  for (const name of ["switch", "drift", "frame"]) await mkdir(path.join(folder, name));
  for (const name of ["switch", "drift"]) await writeFile(path.join(folder, name, "main.ts"), "");
  await writeFile(path.join(folder, "main.ts"), "");
});

afterAll(() => rm(folder, { recursive: true }));

describe("a benchmark is chosen", () => {
  it("by the name of its folder", () => {
    expect(chooseBenchmark(folder, "drift")).toEqual({
      name: "drift",
      program: path.join(folder, "drift/main.ts"),
    });
  });

  it.each([
    [undefined, "No benchmark was named."],
    ["", 'There is no benchmark "".'],
    ["frame", 'There is no benchmark "frame".'],
    ["../bench/drift", 'There is no benchmark "../bench/drift".'],
  ])("and for %j a sentence lists those that there are", (name, sentence) => {
    expect(chooseBenchmark(folder, name)).toBe(
      `${sentence} Type: npm run bench -- <name>, where <name> is drift, switch.`,
    );
  });
});

describe("npm run bench", () => {
  it("refuses a name that nobody knows, on stderr alone", async () => {
    const result = await execa(process.execPath, [program, "speed"], { reject: false });
    expect(result).toMatchObject({ exitCode: 2, stdout: "" });
    expect(result.stderr).toMatch(
      /^There is no benchmark "speed"\. Type: npm run bench -- <name>, where <name> is .*drift/,
    );
  });

  it.each(["action", "packages", "bot"])(
    "%s says how it is used, and refuses what it does not know",
    async (name) => {
      const asked = await execa(process.execPath, [program, name, "--help"], { reject: false });
      expect(asked).toMatchObject({ exitCode: 0, stdout: "" });
      expect(asked.stderr).toMatch(
        new RegExp(`^Usage: npm run bench -- ${name} \\[options\\]\n  --rounds \\d+ `),
      );
      for (const wrong of [["--round", "3"], ["--rounds", "many"], ["--rounds", "0"], ["3"]]) {
        const refused = await execa(process.execPath, [program, name, ...wrong], { reject: false });
        expect(refused, wrong.join(" ")).toMatchObject({ exitCode: 2, stdout: "" });
        expect(refused.stderr).not.toContain("    at ");
        expect(refused.stderr).toContain("Usage: npm run bench");
      }
    },
  );

  it("hands its options to the benchmark", async () => {
    const result = await execa(process.execPath, [program, "drift", "--sizes", "huge"], { reject: false });
    expect(result).toMatchObject({ exitCode: 2, stdout: "" });
    expect(result.stderr).toContain('--sizes has "huge", which is no number between 0.01 and 10.');
  });
});
