/** Asks the double of GitHub in its own process. */
import { z } from "zod";
import { startChild } from "../frame/child.ts";
import type { GithubSettings } from "./process.ts";

export type Started = GithubSettings;
/** A webhook as GitHub would send it. */
export type Happened = { readonly event: string; readonly body: string; readonly signature: string };
export type FirstCheck = { readonly first_check_ms: number };

export const Question = z.discriminatedUnion("do", [
  z.object({ do: z.enum(["start", "close"]) }),
  z.object({ do: z.literal("happenings"), count: z.number() }),
  z.object({ do: z.literal("first_check"), round: z.number() }),
  z.object({ do: z.literal("connect"), url: z.string().nullable() }),
]);
export type Question = z.infer<typeof Question>;

export const StartedShape = z.object({
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
  const { ask, end } = startChild<Question>("github-process.ts", import.meta.url);
  const settings = await ask({ do: "start" }, StartedShape);
  return {
    settings,
    happenings: (count) => ask({ do: "happenings", count }, z.array(HappenedShape)),
    firstCheck: (round) => ask({ do: "first_check", round }, z.object({ first_check_ms: z.number() })),
    connect: (url) => ask({ do: "connect", url }, z.unknown()),
    close: async () => {
      const { problems } = await ask({ do: "close" }, z.object({ problems: z.array(z.string()) }));
      await end();
      return problems;
    },
  };
}
