/** A program of ours in a process of its own that answers questions: both sides of the talk. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const Answer = z.object({ id: z.number(), value: z.unknown().optional(), error: z.string().optional() });
type Answer = z.infer<typeof Answer>;

export type Child<Question> = {
  /** @throws Error with what the program said when it could not answer, or that it ended */
  readonly ask: <T>(question: Question, shape: z.ZodType<T>) => Promise<T>;
  readonly end: () => Promise<void>;
};

/** @param program beside the module whose `import.meta.url` is `from` */
export function startChild<Question extends object>(program: string, from: string): Child<Question> {
  const child = fork(fileURLToPath(new URL(program, from)), { stdio: "inherit" });
  const waiting = new Map<number, (answer: Answer) => void>();
  let questions = 0;
  child.on("message", (message) => {
    const answer = Answer.parse(message);
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  child.once("exit", () => {
    for (const [id, tell] of waiting) tell({ id, error: `${program} ended` });
  });
  return {
    ask: async (question, shape) => {
      const id = ++questions;
      const answered = new Promise<Answer>((resolve) => waiting.set(id, resolve));
      child.send({ id, question });
      const { error, value } = await answered;
      if (error !== undefined) throw new Error(error);
      return shape.parse(value);
    },
    end: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** In the child: answers every question, also while others are being answered. */
export function answerParent<Question>(
  shape: z.ZodType<Question>,
  answer: (question: Question) => Promise<unknown>,
): void {
  const Asked = z.object({ id: z.number(), question: z.unknown() });
  process.on("message", (message) => {
    const { id, question } = Asked.parse(message);
    answer(shape.parse(question)).then(
      (value) => process.send?.({ id, value: value ?? null }),
      (error: unknown) => process.send?.({ id, error: error instanceof Error ? error.stack : String(error) }),
    );
  });
  // Whoever asked is gone: nobody would ever end this process.
  process.on("disconnect", () => process.exit());
}
