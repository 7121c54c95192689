/** The embedded store's backup, as docs/operating.md says: the folder, packed while the bot is stopped, put back before a start. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openStore } from "../../../src/store/open.ts";
import { anOperation, later, NOW, putWorld } from "./rows.ts";

test("a folder that was packed and unpacked elsewhere is the store of that moment, with what still waited", async () => {
  const folder = mkdtempSync(join(tmpdir(), "belay-backup-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const first = await openStore({ kind: "directory", path: join(folder, "belay-store") });
  const operation = await first.store.transaction(async (tx) => {
    const world = await putWorld(tx);
    const row = anOperation(world);
    await tx.addOperation(row);
    await tx.acquireLock(row.id, [world.target.id], NOW);
    return row;
  });
  await first.queue.addDelivery({ id: "d1", event: "issue_comment.created", payload: {}, received_at: NOW });
  await first.close();
  execFileSync("tar", ["-czf", "backup.tar.gz", "belay-store"], { cwd: folder });
  rmSync(join(folder, "belay-store"), { recursive: true });

  execFileSync("tar", ["-xzf", "backup.tar.gz"], { cwd: folder });
  const again = await openStore({ kind: "directory", path: join(folder, "belay-store") });
  onTestFinished(() => again.close());
  const found = await again.store.transaction(async (tx) => ({
    operation: await tx.operation(operation.id),
    locks: await tx.locks(),
  }));
  expect(found.operation).toMatchObject({
    id: operation.id,
    state: "requested",
    progress: operation.progress,
  });
  expect(found.locks).toHaveLength(1);
  const seen: string[] = [];
  expect(await again.queue.takeDelivery(later(1), async ({ id }) => void seen.push(id))).toBe(true);
  expect(seen).toEqual(["d1"]);
}, 180_000);
