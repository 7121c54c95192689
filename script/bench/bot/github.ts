/** Asks the double of GitHub in its own process. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { GithubSettings } from "./process.ts";

export type Started = GithubSettings;
/** A webhook as GitHub would send it. */
export type Happened = { readonly event: string; readonly body: string; readonly signature: string };
export type FirstCheck = { readonly first_check_ms: number };

type Question =
  | { readonly do: "start" | "close" }
  | { readonly do: "happenings"; readonly count: number }
  | { readonly do: "first_check"; readonly round: number }
  | { readonly do: "connect"; readonly url: string | null };
export type Asked = Question & { readonly id: number };

const Answer = z.object({ id: z.number(), value: z.unknown().optional(), error: z.string().optional() });
const StartedShape = z.object({
  app: z.object({
    id: z.number(),
    privateKey: z.string(),
    clientId: z.string(),
    clientSecret: z.string(),
    webhookSecret: z.string(),
  }),
  apiUrl: z.string(),
  issuer: z.string(),
});
const HappenedShape = z.object({ event: z.string(), body: z.string(), signature: z.string() });

export type GithubProcess = {
  readonly settings: Started;
  /** Webhooks of about so many things that happened; none is sent. */
  readonly happenings: (count: number) => Promise<readonly Happened[]>;
  readonly firstCheck: (round: number) => Promise<FirstCheck>;
  /** From now on webhooks go there. */
  readonly connect: (url: string | null) => Promise<unknown>;
  /** Sentences about what GitHub would not have understood. */
  readonly close: () => Promise<readonly string[]>;
};

export async function startGithub(): Promise<GithubProcess> {
  const child = fork(fileURLToPath(new URL("github-process.ts", import.meta.url)), { stdio: "inherit" });
  const waiting = new Map<number, (answer: z.infer<typeof Answer>) => void>();
  let questions = 0;
  child.on("message", (message) => {
    const answer = Answer.parse(message);
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  child.once("exit", () => {
    for (const [id, tell] of waiting) tell({ id, error: "the double of GitHub ended" });
  });
  const ask = async <T>(question: Question, shape: z.ZodType<T>): Promise<T> => {
    const id = ++questions;
    const answer = new Promise<z.infer<typeof Answer>>((resolve) => waiting.set(id, resolve));
    child.send({ ...question, id });
    const { error, value } = await answer;
    if (error !== undefined) throw new Error(error);
    return shape.parse(value);
  };
  const settings = await ask({ do: "start" }, StartedShape);
  return {
    settings,
    happenings: (count) => ask({ do: "happenings", count }, z.array(HappenedShape)),
    firstCheck: (round) => ask({ do: "first_check", round }, z.object({ first_check_ms: z.number() })),
    connect: (url) => ask({ do: "connect", url }, z.unknown()),
    close: async () => {
      const { problems } = await ask({ do: "close" }, z.object({ problems: z.array(z.string()) }));
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
      return problems;
    },
  };
}
