/** What Belay's deployment protection rule says on the page of a run. Nothing that a workflow chose stands in it. */
export const protectionSentence = {
  approved: (operation_id: string): string =>
    `This is the run of operation ${operation_id}, which Belay started.`,
  rejected:
    "Belay did not give this run the work of this environment. Comment `/promote` on the environment pull request, or start the workflow of Belay by hand.",
} as const;
