import { expect, test } from "vitest";
import { notesSection } from "../../../src/core/rendering/notes.ts";
import { switchNotes } from "../../../src/core/switch-notes.ts";

test("nothing beside the switch is nothing to read", () => {
  expect(notesSection(switchNotes({}))).toBe("");
  expect(notesSection(switchNotes(null))).toBe("");
  expect(notesSection(switchNotes({ purges: "everything", mixture: 3, activation: { plugins: 1 } }))).toBe(
    "",
  );
});

test("plugins, caches and a host without the hold are told", () => {
  const text = notesSection(
    switchNotes({
      warnings: ["PHP-FPM's queue holds 4 requests."],
      mixture: { why: "PHP requests do not go through the hold.", mixture_ms: 12.4 },
      activation: {
        plugins: [{ plugin: "till/till.php", ok: true, detail: "its hook ran", seconds: 0.3 }],
        missing_cron_hooks: ["till_weekly"],
        missing_roles: [],
        written: { posts: 1 },
      },
      purges: [
        { purge: "path wp-content/cache", ok: true, detail: "4 removed", seconds: 0 },
        { purge: "PURGE http://cache/`x`@all", ok: false, detail: "answered 500", seconds: 0 },
      ],
    }),
  );
  expect(text).toContain("began in its 12 ms");
  expect(text).toContain("- ✅ `till/till.php`: its hook ran");
  expect(text).toContain("planned events that the target lacks: `till_weekly`");
  expect(text).toContain("`posts` 1 row");
  expect(text).toContain("empty it by hand");
  expect(text).not.toContain("@all\n");
});
