/** What a person sees of a pull request: its talk, its checks, its deployments. */
import { newestChecks } from "../github/checks.ts";
import type { CheckRun, Comment, Deployment, PullRequest, Repository } from "../github/state.ts";
import { fullName, type World } from "../github/world.ts";
import { association } from "../views/account.ts";
import { commentsOf } from "../views/pull.ts";
import { html, markdown, page, pill } from "./html.ts";

const FACES: Readonly<Record<string, string>> = {
  "+1": "👍",
  "-1": "👎",
  laugh: "😄",
  confused: "😕",
  heart: "❤️",
  hooray: "🎉",
  rocket: "🚀",
  eyes: "👀",
};

const time = (date: string): string => `<time>${html(date.replace("T", " ").replace("Z", " UTC"))}</time>`;

const talk = (world: World, repository: Repository, comment: Comment): string => {
  const reactions = Map.groupBy(
    world.state.reactions.filter((one) => one.comment === comment.id),
    ({ content }) => content,
  );
  const faces = [...reactions]
    .map(([content, all]) => `<span>${FACES[content] ?? ""} ${all.length}</span>`)
    .join(" ");
  const role = association(world, repository, comment.author);
  return `<article class="comment${comment.app === null ? "" : " app"}" id="issuecomment-${comment.id}">
<div class="by"><b>${html(comment.author)}</b> commented ${time(comment.createdAt)}${comment.updatedAt === comment.createdAt ? "" : " · edited"}
${comment.app === null && role !== "NONE" ? `<span class="tag">${html(role.toLowerCase())}</span>` : ""}</div>
<div class="body">${markdown(comment.body)}</div>${faces ? `<div class="reactions">${faces}</div>` : ""}</article>`;
};

const checkBox = (check: CheckRun): string => {
  const state = check.conclusion ?? check.status;
  const { title, summary, text, annotations } = check.output;
  const buttons =
    check.status === "completed"
      ? check.actions.map(
          (one) => `<span class="button" title="${html(one.description)}">${html(one.label)}</span>`,
        )
      : [];
  const notes = annotations.length > 0 ? `<p>${annotations.length} annotations</p>` : "";
  return `<details class="check"><summary><span class="dot ${html(state)}" title="${html(state)}"></span><b>${html(check.name)}</b>
<span class="title">${html(title ?? state.replaceAll("_", " "))}</span></summary>
<div class="body">${markdown(summary ?? "")}${markdown(text ?? "")}${notes}<p>${buttons.join("")}</p></div></details>`;
};

const deploymentRow = (deployment: Deployment): string => {
  const last = deployment.statuses.at(-1);
  const log = last?.logUrl ? ` · <a href="${html(last.logUrl)}">log</a>` : "";
  return `<div class="check"><div class="head">${pill(last?.state ?? "pending")} <b>${html(deployment.environment)}</b>
<span class="title">${html(last?.description || deployment.description || deployment.sha.slice(0, 12))}${log}</span></div></div>`;
};

const stateOf = (pull: PullRequest): string => (pull.mergeCommit ? "merged" : pull.state);

/** `/{owner}/{repo}/pull/{number}` */
export const pullPage = (world: World, repository: Repository, pull: PullRequest): string => {
  const checks = newestChecks(
    world.state.checks.filter((one) => one.headSha === pull.headSha && one.repository === repository.id),
  );
  const deployments = world.state.deployments.filter((one) => one.repository === repository.id).toReversed();
  const runs = world.state.runs.filter((one) => one.repository === repository.id).toReversed();
  const runLines = runs.map(
    (run) =>
      `<div class="check"><div class="head">${pill(run.conclusion ?? run.status)} <a href="/${fullName(repository)}/actions/runs/${run.id}">${html(run.name)} #${run.number}</a><span class="title">${html(run.title)}</span></div></div>`,
  );
  const none = '<p class="empty">none</p>';
  const comments = commentsOf(world, pull).map((one) => talk(world, repository, one));
  return page(
    `${pull.title} · #${pull.number}`,
    html(fullName(repository)),
    `<h1>${html(pull.title)} <small>#${pull.number}</small></h1>
<p>${pill(stateOf(pull))} <b>${html(pull.author)}</b> wants to merge <code>${html(pull.head)}</code> into <code>${html(pull.base)}</code> · head <code>${pull.headSha.slice(0, 12)}</code></p>
<div class="columns"><section>
<article class="comment"><div class="by"><b>${html(pull.author)}</b> opened ${time(pull.createdAt)}</div><div class="body">${markdown(pull.body || "*No description.*")}</div></article>
${comments.join("\n")}</section>
<aside><h2>Checks</h2>${checks.map(checkBox).join("") || none}<h2>Deployments</h2>${deployments.map(deploymentRow).join("") || none}
<h2>Workflow runs</h2>${runLines.join("") || none}</aside></div>`,
  );
};
