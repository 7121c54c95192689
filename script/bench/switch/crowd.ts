/** Visitors: what they are told, what they tell afterwards, and how they are let in and sent home. */
import path from "node:path";
import { execa } from "execa";
import { z } from "zod";

const Account = z.object({ login: z.string(), password: z.string() });
export const Crowd = z.object({
  url: z.string(),
  posts: z.array(z.number()),
  account: Account,
  /** Whether requests of 1 to 2 s are among them. */
  slow: z.boolean(),
});
export type Crowd = z.infer<typeof Crowd>;

export const Kind = z.enum(["page", "wordpress", "logged_in", "comment", "order", "note", "slow"]);
export type Kind = z.infer<typeof Kind>;

/** `at_s`: seconds of the system's monotonic clock, which Python's time.monotonic() tells, too. */
const Wait = z.object({ kind: Kind, at_s: z.number(), wait_ms: z.number() });
const Noted = z.object({
  requests: z.number(),
  /** Answers that are none: errors, other statuses, empty bodies, pages without their end. */
  failed: z.number(),
  /** Pages whose marks are of two versions. */
  mixed: z.number(),
  kinds: z.partialRecord(Kind, z.object({ count: z.number(), longest_ms: z.number() })),
  complaints: z.array(z.object({ kind: Kind, at_s: z.number(), what: z.string() })),
  /** The longest waits for the small page, in no order: of them the gap is the longest. */
  worst: z.array(Wait),
  comments: z.array(z.object({ id: z.number(), author: z.string(), content: z.string() })),
  orders: z.array(z.string()),
  notes: z.array(z.string()),
});
export type Noted = z.infer<typeof Noted>;

export type Visitors = { readonly sendHome: () => Promise<Noted> };

export function letIn(crowd: Crowd): Visitors {
  const program = path.join(import.meta.dirname, "visitors-main.ts");
  const child = execa(process.execPath, [program, JSON.stringify(crowd)], {
    stdin: "pipe",
    stderr: "inherit",
    maxBuffer: 1 << 28,
  });
  // Whoever sends them home hears of it; before that nobody listens.
  child.catch(() => undefined);
  return {
    sendHome: async () => {
      child.stdin.end();
      return Noted.parse(JSON.parse((await child).stdout));
    },
  };
}
