/** Why nothing can be judged by the platform's policy, and who holds what it gives away. */
import type { Answer } from "../answer.ts";
import type { ConfigError } from "../config/types.ts";
import type { Who } from "../policy.ts";
import { count } from "./words.ts";

/** `write`, `team platform`, `everybody`; and the bots that may, too. */
export function whoWords({ permission, teams, bots = [] }: Who): string {
  const choices = teams.map((choice) => `team ${choice.map((team) => `\`${team}\``).join(" or ")}`);
  const needed = permission === "none" && teams.length > 0 ? [] : [permission];
  const words = [...needed, ...choices].join(" and ");
  const people = words === "none" ? "everybody" : words;
  return bots.length === 0 ? people : `${people}; bot ${bots.map((bot) => `\`${bot}\``).join(", ")}`;
}

/** `somebody with write permission`, `somebody of team platform`. */
export function somebody({ permission, teams }: Who): string {
  const parts = [
    ...(permission === "none" ? [] : [`with ${permission} permission`]),
    ...teams.map((choice) => `of team ${choice.map((team) => `\`${team}\``).join(" or ")}`),
  ];
  return ["somebody", parts.join(" and ")].join(" ").trim();
}

export function policyInvalid(from: string, errors: readonly ConfigError[]): Answer {
  const it = errors.length === 1 ? "it" : "them";
  return {
    code: "policy_invalid",
    sentences: [
      `Nothing was started: the policy, \`belay-policy.yml\` in \`${from}\`, has ${count(errors.length, "error")}.`,
    ],
    remedy: `Whoever keeps \`${from}\` corrects ${it} on its default branch; then comment the command again.`,
    list: errors.map((error) => ({
      sentence:
        `line ${error.line}${error.path === "" ? "" : ` (\`${error.path}\`)`}: ${error.message} ${error.remedy}`.trim(),
    })),
  };
}

export const policyUnreadable = (from: string, why: string): Answer => ({
  code: "policy_unreadable",
  sentences: [`Nothing was started: the policy in \`${from}\` cannot be read. ${why}`],
  remedy: `Let Belay's App read \`${from}\` (Contents: read), then comment the command again.`,
});

export const policyHidden = (from: string, owner: string): Answer => ({
  code: "policy_hidden",
  sentences: [
    `Nothing was started: GitHub shows Belay no repository \`${from}\`. Its App is installed on chosen repositories only, so a policy may stand there that Belay does not see.`,
  ],
  remedy: `Add \`${from}\` to the repositories of the App's installation; or, if there is none, the operator of the bot writes \`${owner}=none\` into \`BELAY_POLICY_REPOSITORIES\`.`,
});
