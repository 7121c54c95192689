import { expect, test } from "vitest";
import { keyText } from "../../../src/core/rendering/keys.ts";

test("numbers and paths are shown, text keys of what people wrote are not", () => {
  const rows = (of: "live" | "secret" | "editorial") => ({ kind: "table", class: of }) as const;
  expect(keyText(rows("live"), "12,-3")).toBe("`12,-3`");
  expect(keyText(rows("live"), "ann@acme.example")).toBe("*(a text key)*");
  expect(keyText(rows("secret"), "12,token")).toBe("*(a text key)*");
  expect(keyText(rows("editorial"), "home")).toBe("`home`");
  expect(keyText({ kind: "files", class: "editorial" }, "2026/a.jpg")).toBe("`2026/a.jpg`");
});
