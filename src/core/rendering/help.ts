/** What `/help` answers: the commands, who may give them, and the limits that hold. */
import { COMMANDS, type CommandWord } from "../commands.ts";
import { showDuration } from "../duration.ts";
import { help as approval } from "../gates/approval.ts";
import { help as backup } from "../gates/backup.ts";
import { help as checks } from "../gates/checks.ts";
import { help as drift } from "../gates/drift.ts";
import { help as notJudged } from "../gates/not-judged.ts";
import { help as promotion } from "../gates/promotion.ts";
import { help as release } from "../gates/release.ts";
import { help as validation } from "../gates/validation.ts";
import { help as window } from "../gates/window.ts";
import { gatesOf } from "../judgement.ts";
import type { Policy } from "../policy.ts";
import type { Gate } from "../verdict.ts";
import { code } from "./escape.ts";
import { whoWords } from "./policy.ts";
import { count } from "./words.ts";

const MEANINGS: Readonly<Record<CommandWord, { readonly form: string; readonly meaning: string }>> = {
  promote: {
    form: "/promote [sha]",
    meaning:
      "Move the source's code, configuration tables and changed options to the target, if every gate passes.",
  },
  plan: {
    form: "/plan",
    meaning: "Show everything that `/promote` would do. Builds the release, changes nothing.",
  },
  drift: {
    form: "/drift [--full]",
    meaning:
      "Compare the target's protected data with the baseline. `--full` reads every file anew, whatever the host remembers.",
  },
  backup: { form: "/backup", meaning: "Take a full backup of the target, restore it elsewhere and compare." },
  refresh: {
    form: "/refresh",
    meaning:
      "Bring the target's data to the source (a backup of the source is taken first) and record a new baseline.",
  },
  approve: {
    form: "/approve [release]",
    meaning:
      "Say yes to what the newest plan shows. It holds for that release on that state of the target, and for nothing else.",
  },
  baseline: {
    form: "/baseline [accept <digits>]",
    meaning:
      "For a source that is a copy already: compare both sides, and declare how they differ to be the baseline.",
  },
  rollback: {
    form: "/rollback [package[@version] ...]",
    meaning:
      "Go back to the release before the last promotion. Live rows stay. With packages: move their pointers back.",
  },
  stage: {
    form: "/stage",
    meaning:
      "Validate this pull request's packages and lock what they hold at this commit; a push un-stages.",
  },
  activate: {
    form: "/activate",
    meaning: "After the merge: move the pointers of all staged packages of this pull request, in one commit.",
  },
  veto: {
    form: "/veto [lift] package@version [reason]",
    meaning: "Nobody activates this version of a package, or goes back to it, until the veto is lifted.",
  },
  cancel: {
    form: "/cancel",
    meaning: "Stop what is under way on this pull request, unless it has begun to change something.",
  },
  lock: {
    form: "/lock [reason]",
    meaning: "Keep the target for yourself: until `/unlock` only your commands begin anything there.",
  },
  unlock: {
    form: "/unlock",
    meaning:
      "Free the target that somebody locked. Where nobody knows how an operation ended, its host is looked at first.",
  },
  status: { form: "/status", meaning: "Where things stand, what is in the way, and who can help." },
  help: { form: "/help", meaning: "This table." },
};

const GATE_HELP: Readonly<Record<Gate, string>> = {
  ...{ drift, backup, release, approval, checks, window, validation, promotion },
  ...notJudged,
};

export interface PolicyInForce {
  readonly policy: Policy;
  /** Where it comes from; null: the shipped default. */
  readonly from: string | null;
}

export function renderHelp({ policy, from }: PolicyInForce, marker: string): string {
  const rows = COMMANDS.map((word) => {
    const { form, meaning } = MEANINGS[word];
    return `| \`${form}\` | ${whoWords(policy.permissions[word])} | ${meaning} |`;
  });
  const gates = gatesOf(policy).map((gate) => `- ${GATE_HELP[gate]}`);
  const source = from === null ? "the shipped default" : `\`belay-policy.yml\` of ${code(from)}`;
  return [
    marker,
    "### Belay: commands",
    "A command stands alone on a line of a new comment on an environment pull request.",
    ["| command | who | what |", "|---|---|---|", ...rows].join("\n"),
    `Gates, each a check run:\n${gates.join("\n")}`,
    `Policy: ${source}, made stricter by this site where it says so. ${limits(policy)} No command, button or label opens a gate that is shut.`,
  ].join("\n\n");
}

function limits({ backup: { max_age_s }, approvals, drift: { allow_live_mode } }: Policy): string {
  const { count: needed, teams, not } = approvals.promote;
  const whose = not.length === 0 ? "" : `, not by ${not.join(" or ")}`;
  const of = teams.map((choice) => ` of team ${choice.map((team) => code(team)).join(" or ")}`).join(" and");
  const people =
    needed === 0
      ? "A promotion needs no approval."
      : `A promotion needs ${count(needed, "approval")}${of}${whose}.`;
  const live = allow_live_mode ? "" : " Drift mode `live` counts as `strict`.";
  return `A backup may be ${showDuration(max_age_s)} old. ${people}${live}`;
}
