/** The runner's side of the protocol with the bot: claim, events, report. Each request is proven by the runner's OIDC token. */
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { Claim, EventsAnswer, type JobEvent, type Report, ReportAnswer } from "../core/report.ts";
import { ActionError } from "./error.ts";

export type BotClient = {
  /** For a run that was started by hand: its first job. */
  readonly begin: (environment: string) => Promise<z.infer<typeof Begun>>;
  /** @throws ActionError with the bot's code when the bot refuses the job. */
  readonly claim: (job: string) => Promise<Claim>;
  readonly events: (job: string, events: readonly JobEvent[]) => Promise<EventsAnswer>;
  readonly report: (job: string, report: Report) => Promise<ReportAnswer>;
};

export type Attempts = { readonly count: number; readonly firstWaitMs: number };
/** About a minute: long enough for a bot that restarts, short enough for a person who waits. */
const PATIENT: Attempts = { count: 7, firstWaitMs: 1_000 };
const TOKEN_LIFE_MS = 4 * 60_000;
const Begun = z.object({ job_id: z.uuid() });
const Refusal = z.object({ code: z.string(), message: z.string() });

/**
 * @param url the bot's address without a slash at the end
 * @param token asks GitHub for an OIDC token; called again when the last one is four minutes old (they live five)
 * @param attempts how often a request is tried while the bot cannot be reached or answers 5xx or 429
 */
export function botClient(
  url: string,
  token: () => Promise<string>,
  attempts: Attempts = PATIENT,
): BotClient {
  let cached: { value: string; at: number } | undefined;
  const freshToken = async () => {
    if (cached === undefined || Date.now() - cached.at > TOKEN_LIFE_MS)
      cached = { value: await token(), at: Date.now() };
    return cached.value;
  };
  const post = async <T>(path: string, body: unknown, answer: z.ZodType<T>): Promise<T> => {
    const response = await send(`${url}${path}`, body, { token: await freshToken(), attempts });
    return answer.parse(await response.json());
  };
  return {
    begin: (environment) => post("/api/runs", { environment }, Begun),
    claim: (job) => post(`/api/jobs/${job}/claim`, {}, Claim),
    events: (job, events) => post(`/api/jobs/${job}/events`, { events }, EventsAnswer),
    report: (job, report) => post(`/api/jobs/${job}/report`, report, ReportAnswer),
  };
}

/** All requests may be repeated: the bot answers a repetition as it answered the first time. */
async function send(
  url: string,
  body: unknown,
  with_: { token: string; attempts: Attempts },
): Promise<Response> {
  let reason = "";
  for (let attempt = 0; attempt < with_.attempts.count; attempt++) {
    if (attempt > 0) await sleep(with_.attempts.firstWaitMs * 2 ** (attempt - 1));
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: { authorization: `Bearer ${with_.token}`, "content-type": "application/json" },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(30_000),
        redirect: "error",
      });
      if (response.ok) return response;
      if (response.status < 500 && response.status !== 429) throw await refusal(response);
      reason = `it answered ${response.status}`;
    } catch (error) {
      if (error instanceof ActionError) throw error;
      reason = cause(error);
    }
  }
  throw new ActionError(
    "BOT_UNREACHABLE",
    `The bot at ${new URL(url).origin} could not be reached from the runner: ${reason}.`,
    "Check `bot-url` in the workflow file and that the bot is running and reachable from this runner, then comment the command again.",
  );
}

async function refusal(response: Response): Promise<ActionError> {
  const said = Refusal.safeParse(await response.json().catch(() => null));
  if (said.success) return new ActionError(said.data.code.toUpperCase(), said.data.message);
  return new ActionError(
    "BOT_REFUSED",
    `The address in \`bot-url\` answered ${response.status} and not as Belay's bot would.`,
    "Check `bot-url` in the workflow file.",
  );
}

function cause(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error
    ? error.cause.message || String((error.cause as NodeJS.ErrnoException).code)
    : error.message;
}
