/** What a job leaves running is ended with it, as a real runner ends orphans (a multiplexing ssh, for one, leaves its process group). */
import { readdirSync, readFileSync } from "node:fs";

const mentions = (pid: string, folder: string): boolean => {
  try {
    return ["environ", "cmdline"].some((file) =>
      readFileSync(`/proc/${pid}/${file}`, "utf8").includes(folder),
    );
  } catch {
    // It has ended meanwhile, or belongs to somebody else.
    return false;
  }
};

/** Kills every process whose environment or command line names the machine's folder, which no other job shares. */
export const endOrphans = (folder: string): void => {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  for (const pid of pids.filter((one) => mentions(one, folder))) {
    try {
      process.kill(Number(pid), "SIGKILL");
    } catch {
      // Ended between the look and the signal.
    }
  }
};
