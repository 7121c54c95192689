/** Who is let into a protected environment: the run that works on it now, be it the operation's own or its recovery's. */
import { expect, it } from "vitest";
import { judgeProtection, type ProtectionFacts } from "../../../src/core/protection.ts";

type Operation = ProtectionFacts["operations"][number];
const asked = (more: Partial<Operation>, run_id = 77) => {
  const operation: Operation = {
    ...{ id: "one", target: "production", run_id: 77, state: "running", cancel_reason: null },
    ...{ recovering: false, ...more },
  };
  const judged = judgeProtection({ run_id, environment: "production", operations: [operation] });
  return judged.kind === "later" ? "later" : judged.state;
};

it("lets in the run of an operation under way", () => {
  expect(asked({})).toBe("approved");
  expect(asked({}, 78)).toBe("rejected");
  expect(asked({ state: "succeeded" })).toBe("rejected");
});

it("lets in the run of a recovery, and not the run whose end nobody saw", () => {
  expect(asked({ state: "unknown" })).toBe("rejected");
  expect(asked({ state: "unknown", recovering: true })).toBe("approved");
  expect(asked({ state: "unknown", recovering: true }, 78)).toBe("rejected");
  expect(asked({ state: "unknown", recovering: true, target: "staging" })).toBe("rejected");
});

it("waits with its answer until the recovery's run is known", () => {
  expect(asked({ state: "unknown", recovering: true, run_id: null })).toBe("later");
  expect(asked({ state: "unknown", run_id: null })).toBe("rejected");
});
