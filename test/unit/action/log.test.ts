import { expect, it } from "vitest";
import { withoutCommands } from "../../../src/action/log.ts";

it.each([
  ["::set-output name=result::succeeded", ": :set-output name=result::succeeded"],
  ["✗ Ask: no\n  ::add-mask::a", "✗ Ask: no\n  : :add-mask::a"],
  ["one\r::stop-commands::x", "one\n: :stop-commands::x"],
  ["words ##[add-mask]x", "words ## [add-mask]x"],
  ["a::b, PHP: Class::method", "a::b, PHP: Class::method"],
])("%j is no command to the runner", (said, logged) => {
  expect(withoutCommands(said)).toBe(logged);
});
