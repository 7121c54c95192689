/** Check runs: made and changed by apps, clicked by people. */
import { checkRunView } from "../views/check.ts";
import type { CheckRun } from "./state.ts";
import { accountOf, appOf, repositoryOf, timestamp, type World } from "./world.ts";

const tell = (
  world: World,
  check: CheckRun,
  action: string,
  how: { readonly sender?: string; readonly more?: Readonly<Record<string, unknown>> } = {},
): Promise<void> => {
  const own = world.state.apps.some(({ id }) => id === check.app);
  const sender = how.sender ?? (own ? appOf(world, check.app).bot.login : (world.state.apps[0]?.owner ?? ""));
  return world.emit({
    webhook: `check-run-${action.replaceAll("_", "-")}`,
    repository: repositoryOf(world, check.repository),
    sender: accountOf(world, sender),
    body: { action, check_run: checkRunView(world, check), ...how.more },
  });
};

export type CheckChange = Partial<
  Pick<
    CheckRun,
    "name" | "externalId" | "detailsUrl" | "status" | "conclusion" | "completedAt" | "output" | "actions"
  >
>;

export const createCheck = (
  world: World,
  of: Pick<CheckRun, "repository" | "headSha" | "app" | "name">,
  change: CheckChange,
): { readonly made: CheckRun; readonly told: Promise<void> } => {
  const made: CheckRun = {
    id: world.nextId(),
    externalId: "",
    detailsUrl: "",
    status: "queued",
    conclusion: null,
    startedAt: timestamp(world),
    completedAt: null,
    output: { title: null, summary: null, text: null, annotations: [] },
    actions: [],
    ...of,
  };
  world.state.checks.push(made);
  assign(world, made, change);
  return { made, told: tell(world, made, made.status === "completed" ? "completed" : "created") };
};

/** A conclusion completes a run, as GitHub does it; a run that is set back loses its conclusion. */
const assign = (world: World, check: CheckRun, change: CheckChange): void => {
  const annotations = [...check.output.annotations, ...(change.output?.annotations ?? [])];
  Object.assign(check, change);
  if (change.output) check.output = { ...change.output, annotations };
  if (change.conclusion) check.status = "completed";
  if (check.status === "completed") check.completedAt ??= timestamp(world);
  else {
    check.conclusion = null;
    check.completedAt = null;
  }
};

export const updateCheck = (world: World, check: CheckRun, change: CheckChange): Promise<void> => {
  const before = check.status;
  assign(world, check, change);
  return check.status === "completed" && before !== "completed"
    ? tell(world, check, "completed")
    : Promise.resolve();
};

/** A person presses one of the check's own buttons. Throws when the check shows no such button. */
export const clickAction = (world: World, check: CheckRun, by: string, identifier: string): Promise<void> => {
  const shown = check.status === "completed" && check.actions.some((one) => one.identifier === identifier);
  if (!shown) throw new Error(`check ${check.name} shows no button ${identifier}`);
  return tell(world, check, "requested_action", { sender: by, more: { requested_action: { identifier } } });
};

/** A person asks for the check to run again. */
export const rerequest = (world: World, check: CheckRun, by: string): Promise<void> =>
  tell(world, check, "rerequested", { sender: by });

/** The newest run of each name and app. */
export const newestChecks = (checks: readonly CheckRun[]): readonly CheckRun[] => [
  ...new Map(checks.map((one) => [`${one.app}/${one.name}`, one])).values(),
];
