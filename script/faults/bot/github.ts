/** The double of GitHub in a process of its own: what happens there, how its webhooks come, and how it fails. */
import { z } from "zod";
import { startChild } from "../../bench/frame/child.ts";

const App = z.object({
  id: z.number(),
  privateKey: z.string(),
  clientId: z.string(),
  clientSecret: z.string(),
  webhookSecret: z.string(),
});
export const Settings = z.object({ app: App, apiUrl: z.string(), issuer: z.string() });

export const Size = z.object({
  pull_requests: z.number(),
  deliveries: z.number(),
  seed: z.number(),
  per_second: z.number(),
});
export type Size = z.infer<typeof Size>;

export const Question = z.discriminatedUnion("do", [
  z.object({ do: z.literal("begin"), size: Size }),
  z.object({ do: z.literal("deliver"), url: z.string(), size: Size }),
  z.object({ do: z.enum(["progress", "heal", "end"]) }),
]);
export type Question = z.infer<typeof Question>;

export const Progress = z.object({
  /** Deliveries that were sent, answered or not; repetitions that the bot asked for do not count. */
  sent: z.number(),
  /** Those that no attempt so far brought an answer, and that the bot did not read either; it may have them nevertheless. */
  unanswered: z.number(),
  redelivered: z.number(),
  read: z.number(),
  faults: z.number(),
  done: z.boolean(),
});
export type Progress = z.infer<typeof Progress>;

const ExpectedShape = z.object({
  repository: z.number(),
  number: z.number(),
  state: z.enum(["open", "closed"]),
  head_sha: z.string(),
  checks: z.record(z.string(), z.array(z.string())),
  answered: z.array(z.number()),
  seen: z.array(z.number()),
  begun: z.array(z.number()),
});
/** What GitHub has of a pull request in the end, beside what it must have. */
export const Remains = z.object({
  pulls: z.array(
    z.object({
      expected: ExpectedShape,
      checks: z.array(z.object({ name: z.string(), conclusion: z.string().nullable() })),
      comments: z.array(z.string()),
      reactions: z.array(z.number()),
    }),
  ),
  run_titles: z.array(z.string()),
  /** Guids. */
  unanswered: z.array(z.string()),
  problems: z.array(z.string()),
});
export type Remains = z.infer<typeof Remains>;

export const startGithub = () => startChild<Question>("github-process.ts", import.meta.url);
