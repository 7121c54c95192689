/**
 * How large the action is and how soon it asks for something: from the start of its process to its first request, the one for the
 * runner's OIDC token. `--rounds N`; the median counts. It runs as a runner starts it, with Node 24 (action.yml) and the inputs of a run.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { describeMachine, observeLoad } from "../frame/machine.ts";
import { roundsOrEnd } from "../frame/only-rounds.ts";
import { printResult, say } from "../frame/output.ts";
import { median, rounded } from "../frame/rounds.ts";

const GOALS = { bundle_kb: 1_024, start_ms: 250 };
/** The first ones read the bundle from the disk. */
const WARM_UP = 3;
const NO_REQUEST_MS = 30_000;

/** Milliseconds: of the clock, and of processors in all threads, which other work on the machine hardly changes. */
type Start = { readonly at: number; readonly cpu_ms: number };

const rounds = roundsOrEnd({ name: "action", fallback: 21 });
const bundle = fileURLToPath(new URL("../../../dist/index.js", import.meta.url));
if (!process.version.startsWith("v24.")) {
  throw new Error(
    `This is Node ${process.version}, and action.yml says node24. Start it as: npm run bench -- action`,
  );
}

const folder = mkdtempSync(path.join(tmpdir(), "belay-bench-action-"));
for (const file of ["inventory.yml", "known_hosts"]) writeFileSync(path.join(folder, file), "");
let arrived: (start: Start) => void = () => undefined;
let pid: number | undefined;
const server = createServer((_request, response) => {
  if (pid !== undefined) arrived({ at: performance.now(), cpu_ms: cpuOf(pid) });
  response.writeHead(503).end();
}).listen(0, "127.0.0.1");
await once(server, "listening");
const { port } = server.address() as AddressInfo;

try {
  const load = await observeLoad();
  for (let round = 0; round < WARM_UP; round++) await firstRequest();
  const starts: Start[] = [];
  for (let round = 0; round < rounds; round++) starts.push(await firstRequest());
  const times = starts.map(({ at }) => at);
  const figures = {
    bundle_kb: rounded(statSync(bundle).size / 1024),
    start_ms: rounded(median(times)),
    start_cpu_ms: rounded(median(starts.map(({ cpu_ms }) => cpu_ms))),
  };
  say(`The bundle has ${figures.bundle_kb} KB; its first request comes after ${figures.start_ms} ms`);
  const reached = figures.bundle_kb <= GOALS.bundle_kb && figures.start_ms <= GOALS.start_ms;
  const [fastest_ms, slowest_ms] = [Math.min(...times), Math.max(...times)].map(rounded);
  printResult({
    ...figures,
    fastest_ms,
    slowest_ms,
    goals: GOALS,
    reached,
    load,
    machine: describeMachine(),
  });
} finally {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
}

/** From just before the process is started until its first request is here. */
async function firstRequest(): Promise<Start> {
  const seen = new Promise<Start>((resolve) => {
    arrived = resolve;
  });
  const started = performance.now();
  const child = spawn(process.execPath, [bundle], { cwd: folder, env: runnerEnvironment(), stdio: "ignore" });
  pid = child.pid;
  const ended = once(child, "exit");
  const given_up = setTimeout(() => child.kill("SIGKILL"), NO_REQUEST_MS);
  try {
    const seenOrEnded = await Promise.race([seen, ended.then(() => null)]);
    if (seenOrEnded === null)
      throw new Error("The action ended without a request: node dist/index.js tells why.");
    return { ...seenOrEnded, at: seenOrEnded.at - started };
  } finally {
    clearTimeout(given_up);
    child.kill("SIGKILL");
    await ended;
  }
}

function cpuOf(process: number): number {
  const threads = readdirSync(`/proc/${process}/task`);
  const spent = threads.map((thread) => readFileSync(`/proc/${process}/task/${thread}/schedstat`, "utf8"));
  return spent.reduce((sum, line) => sum + Number(line.split(" ")[0]) / 1e6, 0);
}

function runnerEnvironment(): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    CI: "true",
    GITHUB_ACTIONS: "true",
    GITHUB_RUN_ATTEMPT: "1",
    GITHUB_WORKSPACE: folder,
    RUNNER_TEMP: folder,
    ACTIONS_ID_TOKEN_REQUEST_URL: `http://127.0.0.1:${port}/token?`,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: "only for this benchmark",
    INPUT_COMMAND: "run",
    INPUT_JOB: "00000000-0000-4000-8000-000000000001",
    INPUT_ENVIRONMENT: "production",
    "INPUT_BOT-URL": `http://127.0.0.1:${port}`,
    INPUT_INVENTORY: "inventory.yml",
    "INPUT_KNOWN-HOSTS": "known_hosts",
    "INPUT_SSH-KEY": "no key",
  };
}
