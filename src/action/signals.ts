/** What a run does when it is asked to stop. */

/** The run's cancel button sends SIGINT, later SIGTERM: the playbook is asked to stop and the report says so. */
export function stopOnSignals() {
  const controller = new AbortController();
  const stop = () => controller.abort(new Error("the run was cancelled"));
  process.on("SIGINT", stop).on("SIGTERM", stop);
  return {
    signal: controller.signal,
    forget: () => void process.off("SIGINT", stop).off("SIGTERM", stop),
  };
}
