/** What was set aside and is put back by a person: what the log says of it is what came of it. */
import { expect, it } from "vitest";
import type { Effect } from "../../src/core/effects.ts";
import { findSetAside, putBack } from "../../src/flows/set-aside.ts";
import { HEAD, openWorld, REPOSITORY } from "./world.ts";

const EVER = "1970-01-01T00:00:00.000Z";
const EXTERNAL_ID = "belay:production:promotion";

it("what a newer state has overtaken is on record as not put back, what is put back as that", async () => {
  const world = await openWorld();
  await world.pullRequest();
  await world.says("mona", "/status");
  const { store, queue, sql } = world.open;
  const check = (await world.effects("check")).find((one) => one.external_id === EXTERNAL_ID);
  if (check === undefined) throw new Error("the check was not shown");
  const deps = { store, queue, clock: world.deps.clock };
  const show = (effect: Effect) =>
    store.transaction((tx) =>
      tx.addEffect({
        ...{ id: world.deps.clock.id(), operation_id: null, repository: REPOSITORY },
        ...{ effect, not_before: world.now() },
      }),
    );
  const retry = async () => {
    const [row] = await queue.setAside(EVER);
    const found = await findSetAside(deps, row?.id ?? "");
    if (found === null) throw new Error("nothing is set aside");
    return { found, put: () => putBack(deps, { ...found, actor: "zoe" }) };
  };
  const actions = async () => {
    const records = await store.transaction((tx) => tx.audit({}, { limit: 10 }));
    return records.map(({ action }) => action).filter((action) => action.startsWith("set_aside."));
  };
  const stream = `check:${HEAD}:${EXTERNAL_ID}`;
  await sql(`update effects set state = 'failed' where stream = '${stream}'`);
  const overtaken = await retry();
  await show(check);
  expect(await overtaken.put()).toMatchObject({ status: 409, code: "overtaken" });
  expect(await actions()).toEqual(["set_aside.not_put_back", "set_aside.put_back"]);

  await sql(`update effects set state = 'failed' where stream = '${stream}' and state = 'pending'`);
  expect(await (await retry()).put()).toBeNull();
  expect(await actions()).toEqual(["set_aside.put_back", "set_aside.not_put_back", "set_aside.put_back"]);
});

it("what an operation would have moved is not moved when the operation has ended", async () => {
  const world = await openWorld();
  await world.pullRequest();
  await world.says("mona", "/drift");
  const { store, queue, sql } = world.open;
  await sql("update effects set state = 'failed' where effect ->> 'kind' = 'dispatch'");
  const deps = { store, queue, clock: world.deps.clock };
  const [row] = await queue.setAside(EVER);
  const found = await findSetAside(deps, row?.id ?? "");
  if (found === null) throw new Error("nothing is set aside");
  expect(await world.says("mona", "/cancel")).toBe("cancelled");
  expect(await putBack(deps, { ...found, actor: "zoe" })).toMatchObject({ status: 409, code: "overtaken" });
  expect(
    (await sql("select 1 from effects where effect ->> 'kind' = 'dispatch' and state = 'pending'")).length,
  ).toBe(0);
});
