/** A version that is marked bad: nobody stages it, activates it or goes back to it, until the veto is lifted. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { packageId } from "../../../script/bench/packages/sample.ts";
import { FIRST, openPackagesWorld, type PackagesWorld, V1, V2, V3, versionFiles } from "./world.ts";

const SECOND = packageId(1);
const RELEASE = "belay / release";

let world: PackagesWorld;
beforeAll(async () => {
  world = await openPackagesWorld({ settings: "version: 1\n" });
}, 240_000);
afterAll(() => world?.close());

test("what is staged and vetoed is not activated; lifted, it is as it was", async () => {
  const { double } = world;
  const pull = await world.propose([FIRST]);
  await world.stages(pull);
  await world.says("carl", pull, `/veto ${FIRST}@${V3}`);
  await world.told(pull, "`/veto` needs write permission");
  await world.says("bea", pull, "/veto");
  await world.told(pull, "takes a package with its version and a reason");
  await world.says("bea", pull, `/veto ${FIRST}@9.9.9 because`);
  await world.told(pull, `there is no \`${FIRST}\` 9.9.9`);
  await world.says("bea", pull, `/veto ${FIRST}@${V2}`);
  await world.told(pull, "is active; a veto would not take it out of use");

  await world.says("bea", pull, `/veto ${FIRST}@${V3} it loses | the risks`);
  await world.told(pull, `\`${FIRST}\` ${V3} is vetoed: nobody can activate it`);
  await world.titled(pull, RELEASE, `Vetoed: ${FIRST} ${V3}.`);
  expect(world.check(pull, RELEASE)?.conclusion).toBe("failure");
  await world.told(pull, "vetoed by `bea`: it loses | the risks");
  await world.says("bea", pull, `/veto ${FIRST}@${V3}`);
  await world.told(pull, "is vetoed already");
  await world.says("ann", pull, "/stage");
  await world.told(pull, "is vetoed by bea: it loses");
  await double.as("ann").merge(pull, "squash");
  await world.says("ann", pull, "/activate");
  await world.told(pull, "Activation of packages: blocked");
  expect(world.pointers()[FIRST]).toBe(V2);

  await world.says("bea", pull, `/veto lift ${FIRST} ${V3}`);
  await world.told(pull, "is lifted: it is staged again");
  await world.says("ann", pull, "/activate");
  await double.when("the pointer", () => (world.pointers()[FIRST] === V3 ? true : undefined));
});

test("nobody goes back to a vetoed version: the one before it is taken, or another must be named", async () => {
  const { double } = world;
  const pull = double.state.pulls[0];
  if (pull === undefined) throw new Error("there is no pull request");
  await world.told(pull, "Activation of packages: done");
  await world.says("bea", pull, `/veto ${FIRST}@${V2} it was never right`);
  await world.told(pull, `\`${FIRST}\` ${V2} is vetoed`);
  await world.says("ann", pull, `/rollback ${FIRST} ${V2}`);
  await world.told(pull, "is vetoed by bea: it was never right");
  await world.says("ann", pull, `/rollback ${FIRST}`);
  await world.told(pull, "it is not on record what was active before");
  await world.says("ann", pull, `/rollback ${FIRST} ${V1}`);
  await double.when("the pointer", () => (world.pointers()[FIRST] === V1 ? true : undefined));
});

test("a push to a vetoed release un-stages it, too", async () => {
  const { double } = world;
  const pull = await world.propose([SECOND]);
  await world.stages(pull);
  await world.says("bea", pull, `/veto document_types:${SECOND}@${V3}`);
  await world.titled(pull, RELEASE, `Vetoed: ${SECOND} ${V3}.`);
  const file = `document_types/${SECOND}/releases/${V3}/prompts/task.prompt.txt`;
  const text = versionFiles([SECOND], V3)[file] ?? "";
  await double.as("ann").push(pull.head, { [file]: `${text}Be brief.\n` });
  await world.titled(pull, RELEASE, `Vetoed: ${SECOND} ${V3}.`);
  await world.says("bea", pull, `/veto lift document_types:${SECOND}@${V3}`);
  await world.told(pull, "is lifted: it is committed again");
  await world.titled(pull, RELEASE, `Committed, not staged: ${SECOND} ${V3}.`);
  expect(double.problems).toEqual([]);
});

test("who vetoed, when and why is on record, and in the API", async () => {
  const token = world.double.userToken("ann");
  const get = async (path: string) =>
    (await fetch(`${world.bot.url}${path}`, { headers: { authorization: `Bearer ${token}` } })).json();
  const sites = z.object({ items: z.array(z.object({ id: z.string() })) }).parse(await get("/api/sites"));
  const site_id = sites.items[0]?.id ?? "";
  expect(await get(`/api/packages?site_id=${site_id}&status=vetoed`)).toMatchObject({
    items: [
      {
        package: FIRST,
        version: V2,
        veto: { by: "bea", reason: "it was never right", before: "superseded" },
      },
    ],
  });
  const Audit = z.object({
    items: z.array(z.object({ actor: z.string(), action: z.string(), reason: z.string() })),
  });
  const audit = Audit.parse(await get(`/api/audit?site_id=${site_id}&limit=100`));
  const own = audit.items.filter(({ action }) => action.startsWith("veto."));
  expect(own.map(({ actor, action }) => `${actor} ${action}`).sort()).toEqual([
    "github:bea veto.given",
    "github:bea veto.given",
    "github:bea veto.given",
    "github:bea veto.lifted",
    "github:bea veto.lifted",
  ]);
});
