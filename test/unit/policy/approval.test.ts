import { describe, expect, it } from "vitest";
import {
  type ApprovalQuestion,
  type Bound,
  changes,
  givenApprovals,
  type Review,
  type Shown,
} from "../../../src/core/approval.ts";
import { evaluate } from "../../../src/core/gates/approval.ts";
import { evaluate as checksGate } from "../../../src/core/gates/checks.ts";
import { type ApprovalRule, everybodyWith, SHIPPED_POLICY } from "../../../src/core/policy.ts";

const HEAD = "1".repeat(40);
const NOW: Bound = {
  head_sha: HEAD,
  release: "a".repeat(64),
  active_release: "bbbbbbbbbbbb",
  baseline: "c".repeat(64),
  policy: "d".repeat(64),
};
const SHOWN: Shown = { ...NOW, at: "2026-03-01T10:00:00Z" };
const rule = SHIPPED_POLICY.approvals.promote;
const person = (login: string, permission: "read" | "write" = "write") => ({ login, permission, teams: {} });

const question = (more: Partial<ApprovalQuestion> = {}, evidence: object = {}): ApprovalQuestion => ({
  target: "production",
  now: NOW,
  recorded: [],
  shown: [SHOWN],
  rule,
  policy: SHIPPED_POLICY,
  requested_by: null,
  ...more,
  evidence: {
    author: "mona",
    reviews: [],
    committers: null,
    people: { ann: person("ann"), bob: person("bob"), mona: person("mona"), eve: person("eve", "read") },
    ...evidence,
  },
});
const yes = (by: string, bound: Partial<Bound> = {}) => ({
  by,
  at: "2026-03-01T10:05:00Z",
  bound: { ...NOW, ...bound },
});
const review = (by: string, more: Partial<Review> = {}): Review => ({
  ...{ id: 1, by, state: "approved", head_sha: HEAD, at: "2026-03-01T10:05:00Z" },
  ...more,
});
const objections = (asked: ApprovalQuestion) => givenApprovals(asked).map(({ objection }) => objection);

describe("a yes by command", () => {
  it("counts", () => {
    expect(objections(question({ recorded: [yes("ann")] }))).toEqual([null]);
  });
  it.each([
    ["head_sha", "2".repeat(40), "the pull request moved on to `111111111111`"],
    ["release", "9".repeat(64), "what would be promoted is release `aaaaaaaaaaaa` now"],
    ["active_release", "000000000000", "production runs another release now"],
    ["active_release", null, "production runs another release now"],
    ["baseline", "9".repeat(64), "the baseline changed in what can be promoted"],
    ["policy", "9".repeat(64), "the policy changed"],
  ] as const)("is void when %s is another one (%j)", (field, value, why) => {
    expect(objections(question({ recorded: [yes("ann", { [field]: value })] }))).toEqual([why]);
    expect(changes({ ...NOW, [field]: value }, NOW, "production")).toEqual([why]);
  });
  it("of the author does not count, however the name is written", () => {
    expect(objections(question({ recorded: [yes("Mona")] }))).toEqual([
      "`Mona` is the pull request's author",
    ]);
  });
  it("counts no more when the person lost the permission", () => {
    expect(objections(question({ recorded: [yes("eve")] }))).toEqual([
      "`eve` has read permission in this repository, and approving needs write",
    ]);
  });
  it("of somebody whom GitHub was not asked about does not count", () => {
    expect(objections(question({ recorded: [yes("zoe"), yes("constructor")] }))).toEqual([
      "GitHub was not asked what `zoe` may do",
      "GitHub was not asked what `constructor` may do",
    ]);
  });
  it("is withdrawn by asking for changes later, and not by having done so before", () => {
    const changes_requested = { state: "changes_requested" } as const;
    const later = [review("ann", { ...changes_requested, at: "2026-03-01T10:06:00Z" })];
    const earlier = [review("ann", { ...changes_requested, at: "2026-03-01T10:04:00Z" })];
    const recorded = [yes("ann")];
    expect(objections(question({ recorded }, { reviews: later }))).toEqual([
      "the same person asked for changes later",
    ]);
    expect(objections(question({ recorded }, { reviews: earlier }))).toEqual([null]);
  });
  it("attack: does not come back when somebody dismisses the request for changes", () => {
    const dismissed = (minute: number) =>
      review("ann", { id: minute, state: "dismissed", at: `2026-03-01T10:0${minute}:00Z` });
    const recorded = [yes("ann")];
    const firstOf = (reviews: readonly Review[]) =>
      givenApprovals(question({ recorded }, { reviews })).find(({ how }) => how === "command")?.objection;
    expect(firstOf([dismissed(6)])).toBe("a later review of the same person was dismissed");
    expect(firstOf([dismissed(4)])).toBeNull();
    // Whoever says yes once more has said so after all of that.
    const again = review("ann", { id: 9, at: "2026-03-01T10:09:00Z" });
    expect(objections(question({ recorded }, { reviews: [dismissed(6), again] }))).toContain(null);
  });
});

describe("a review", () => {
  it("is a yes to the plan that was shown before it", () => {
    expect(givenApprovals(question({}, { reviews: [review("ann")] }))).toEqual([
      { by: "ann", at: "2026-03-01T10:05:00Z", how: "review", release: NOW.release, objection: null },
    ]);
  });
  it("is none to a plan that came after it", () => {
    const newer: Shown = { ...NOW, release: "9".repeat(64), at: "2026-03-01T10:10:00Z" };
    const asked = question({ now: newer, shown: [newer, SHOWN] }, { reviews: [review("ann")] });
    expect(objections(asked)).toEqual(["what would be promoted is release `999999999999` now"]);
  });
  it.each([
    [
      "before any plan",
      { at: "2026-03-01T09:00:00Z" },
      "it came before there was a plan of this commit to look at",
    ],
    [
      "of another commit",
      { head_sha: "2".repeat(40) },
      "the review is of `222222222222`, which is not the head",
    ],
    ["that was dismissed", { state: "dismissed" }, "the review was dismissed"],
  ] as const)("%s does not count", (_name, more, why) => {
    expect(objections(question({}, { reviews: [review("ann", more)] }))).toEqual([why]);
  });
  it("that asks for changes is no yes at all", () => {
    expect(
      givenApprovals(question({}, { reviews: [review("ann", { state: "changes_requested" })] })),
    ).toEqual([]);
  });
});

describe("whoever asked for the promotion", () => {
  const asked = (not: ApprovalRule["not"], author: string, by = "Ann") =>
    objections(question({ rule: { ...rule, not }, recorded: [yes("ann")], requested_by: by }, { author }));

  it("counts beside an author who is a person: two people have seen it", () => {
    expect(asked(["author"], "mona")).toEqual([null]);
  });

  it("does not where the policy says so", () => {
    expect(asked(["author", "requester"], "mona")).toEqual(["`ann` asked for it"]);
    expect(asked(["requester"], "mona", "mona")).toEqual([null]);
  });

  it.each(["release-train[bot]", "ghost"])(
    "does not where the author is %s: it would be the only one",
    (author) => {
      expect(asked(["author"], author)).toEqual([
        "`ann` asked for it, and the pull request has no person as its author",
      ]);
      expect(asked(["author"], author, "mona")).toEqual([null]);
      expect(asked([], author)).toEqual([null]);
    },
  );
});

describe("committers", () => {
  const strict: ApprovalRule = { ...rule, not: ["author", "committers"] };
  const asked = (committers: object | null) =>
    objections(question({ rule: strict, recorded: [yes("ann")] }, { committers }));
  it("do not count", () => {
    expect(asked({ logins: ["mona", "Ann"], unknown: 0 })).toEqual([
      "`ann` wrote or committed one of the commits",
    ]);
    expect(asked({ logins: ["mona"], unknown: 0 })).toEqual([null]);
  });
  it("that nobody knows make every yes void: any of them could be the one who approves", () => {
    expect(asked({ logins: ["mona"], unknown: 1 })).toEqual([
      "GitHub names no account for some of the commits, so nobody can tell who did not write them",
    ]);
    expect(asked(null)).toEqual(["nobody could tell who wrote the commits"]);
  });
});

describe("teams", () => {
  const teams: ApprovalRule = { ...rule, teams: [["platform", "on-call"]] };
  const asked = (member: object) =>
    objections(
      question(
        { rule: teams, recorded: [yes("ann")] },
        { people: { ann: { ...person("ann"), teams: member } } },
      ),
    );
  it("one of them is enough", () => {
    expect(asked({ platform: false, "on-call": true })).toEqual([null]);
  });
  it("none of them, or one that GitHub does not tell of, is not", () => {
    expect(asked({ platform: false, "on-call": false })).toEqual([
      "`ann` is not in the team `platform` or `on-call`",
    ]);
    expect(asked({ platform: null, "on-call": false })).toEqual([
      "GitHub did not tell whether `ann` is in the team `platform` or `on-call`",
    ]);
    expect(asked({})).toEqual(["GitHub did not tell whether `ann` is in the team `platform` or `on-call`"]);
  });
});

describe("the gate", () => {
  const who = everybodyWith("write");
  const judge = (given: ReturnType<typeof givenApprovals>, more: Partial<ApprovalRule> = {}) =>
    evaluate(
      { target: "production", kind: "promote", release: NOW.release, given },
      { rule: { ...rule, ...more }, who },
    );

  it("passes with enough, and says who", () => {
    expect(judge(givenApprovals(question({ recorded: [yes("ann")] })))).toMatchObject({
      outcome: "pass",
      code: "approved",
      sentences: ["The promotion to production with release `aaaaaaaaaaaa` is approved by `ann` (1 of 1)."],
    });
  });
  it("says how many more, who may give them, and what to type", () => {
    expect(judge([])).toMatchObject({
      outcome: "wait",
      code: "approval_missing",
      sentences: ["The promotion to production with release `aaaaaaaaaaaa` needs 1 more approval (0 of 1)."],
      remedy:
        "Somebody with write permission, who is not the author, looks at the plan and comments `/approve` or approves in a review; then comment `/promote` again.",
    });
  });
  it("counts people, not their approvals", () => {
    const given = givenApprovals(
      question({ recorded: [yes("ann"), yes("ANN")] }, { reviews: [review("ann")] }),
    );
    expect(judge(given, { count: 2 })).toMatchObject({ outcome: "wait" });
    expect(
      judge(givenApprovals(question({ recorded: [yes("ann"), yes("bob")] })), { count: 2 }),
    ).toMatchObject({
      outcome: "pass",
    });
  });
  it("names each yes that is void, and why", () => {
    const given = givenApprovals(question({ recorded: [yes("ann", { release: "9".repeat(64) })] }));
    expect(judge(given).sentences).toEqual([
      "The promotion to production with release `aaaaaaaaaaaa` needs 1 more approval (0 of 1).",
      "`ann` approved release `999999999999`, which does not count: what would be promoted is release `aaaaaaaaaaaa` now.",
    ]);
  });
});

describe("checks of other Apps", () => {
  const wanted = [{ name: "scan", app: "scanner" }];
  const run = (app: string, conclusion: string | null, status = "completed") => ({
    name: "scan",
    app,
    status,
    conclusion,
  });
  const judge = (...runs: readonly ReturnType<typeof run>[]) => checksGate({ scan: runs }, wanted);

  it("pass with success", () => {
    expect(judge(run("scanner", "success")).sentences).toEqual(["The check `scan` of `scanner` succeeded."]);
    expect(judge(run("scanner", "success")).outcome).toBe("pass");
  });
  it.each(["neutral", "skipped", "failure", "cancelled", "timed_out", "action_required", "stale", null])(
    "do not pass with %s",
    (conclusion) => {
      expect(judge(run("scanner", conclusion))).toMatchObject({ outcome: "block", code: "checks_failed" });
    },
  );
  it("of the same name by another App do not count, and are told", () => {
    expect(judge(run("github-actions", "success"))).toMatchObject({
      outcome: "wait",
      sentences: [
        "The check `scan` of `scanner` has not reported on this commit yet. The one by `github-actions` does not count.",
      ],
    });
    expect(judge(run("scanner", "failure"), run("github-actions", "success")).outcome).toBe("block");
  });
  it("wait while they run, also where one of several has succeeded", () => {
    expect(judge(run("scanner", "success"), run("scanner", null, "in_progress")).outcome).toBe("wait");
    expect(judge(run("scanner", "success"), run("scanner", "failure")).outcome).toBe("block");
  });
});
