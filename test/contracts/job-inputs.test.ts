import { readFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { INPUTS } from "../../src/core/jobs.ts";
import { JobType, PLAYBOOKS } from "../../src/core/vocabulary.ts";

const ansible = path.resolve(import.meta.dirname, "../../ansible");
const Specs = z.object({
  argument_specs: z.object({
    main: z.object({ options: z.record(z.string(), z.object({ required: z.boolean().optional() })) }),
  }),
});
const Plays = z.array(z.looseObject({ hosts: z.string() }));

/** The role that a playbook is made of has the playbook's name. */
const roleOf = (playbook: string) => path.basename(playbook, ".yml").replaceAll("-", "_");

test.each(JobType.options)(
  "%s: the role's argument specification names exactly what the bot sends",
  async (type) => {
    const file = path.join(ansible, "roles", roleOf(PLAYBOOKS[type]), "meta/argument_specs.yml");
    const { options } = Specs.parse(parse(await readFile(file, "utf8"))).argument_specs.main;
    const sent = Object.keys(INPUTS[type].shape);
    expect(Object.keys(options).sort()).toEqual([...sent, "report_path"].sort());
    const optional = Object.entries(options).flatMap(([name, option]) =>
      option.required === true ? [] : [name],
    );
    expect(optional).toEqual([]);
  },
);

test.each(JobType.options)("%s: its playbook runs only on hosts that the input names", async (type) => {
  const plays = Plays.parse(parse(await readFile(path.join(ansible, "playbooks", PLAYBOOKS[type]), "utf8")));
  for (const play of plays) expect(play.hosts).toMatch(/^(\{\{ (source|target)_host \}\}|localhost)$/);
});
