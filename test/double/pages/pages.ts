/** The double's pages for people: a pull request, a run with its log, and a list of both. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Run } from "../github/state.ts";
import { fullName, pullOf, repositoryOf, type World } from "../github/world.ts";
import { html, markdown, page, pill } from "./html.ts";
import { pullPage } from "./pull.ts";

const runPage = (world: World, run: Run): string => {
  const name = fullName(repositoryOf(world, run.repository));
  const inputs = Object.entries(run.inputs).map(
    ([key, value]) => `<tr><th>${html(key)}</th><td>${html(value)}</td></tr>`,
  );
  const again = run.status === "completed" ? "" : '<meta http-equiv="refresh" content="3">';
  return page(
    `${run.name} #${run.number}`,
    html(name),
    `${again}<h1>${html(run.title)} <small>#${run.number}</small></h1>
<p>${pill(run.conclusion ?? run.status)} ${html(run.event)} by <b>${html(run.actor)}</b> · <code>${html(run.path)}</code> at <code>${run.sha.slice(0, 12)}</code></p>
${inputs.length > 0 ? `<table>${inputs.join("")}</table>` : ""}
${run.summaries.map((one) => `<article class="comment"><div class="by">Summary</div><div class="body">${markdown(one)}</div></article>`).join("")}
<h2>Log</h2><pre class="log">${html(run.log.join("\n"))}</pre>`,
  );
};

const indexPage = (world: World): string => {
  const pulls = world.state.pulls.map((pull) => {
    const name = fullName(repositoryOf(world, pull.repository));
    return `<li>${pill(pull.mergeCommit ? "merged" : pull.state)} <a href="/${name}/pull/${pull.number}">${html(name)}#${pull.number} ${html(pull.title)}</a></li>`;
  });
  const problems = world.problems.map((one) => `<li>${html(one)}</li>`);
  return page(
    "Test double of GitHub",
    "all repositories",
    `<h2>Pull requests</h2><ul>${pulls.join("")}</ul>${problems.length > 0 ? `<h2>Problems</h2><ul>${problems.join("")}</ul>` : ""}`,
  );
};

const contentOf = (world: World, path: string): string | undefined => {
  if (path === "/_") return indexPage(world);
  const [, owner = "", repo = "", kind = "", id = ""] =
    /^\/([^/]+)\/([^/]+)\/(pull|actions\/runs)\/(\d+)$/.exec(path) ?? [];
  const repository = world.state.repositories.find((one) => fullName(one) === `${owner}/${repo}`);
  if (!repository) return undefined;
  const run = world.state.runs.find((one) => one.id === Number(id) && one.repository === repository.id);
  if (kind === "actions/runs") return run && runPage(world, run);
  const pull = pullOf(world, repository, Number(id));
  return pull && pullPage(world, repository, pull);
};

/** Answers a page if the path is one; `/_` lists them. */
export const servePage = (
  world: World,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): boolean => {
  const content = request.method === "GET" ? contentOf(world, url.pathname) : undefined;
  if (content === undefined) return false;
  response
    .writeHead(200, {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; img-src *",
    })
    .end(content);
  return true;
};
